import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * The MongoDB that the tests start: mongo-java-server on loopback, presented at a wire version that current drivers accept.
 *
 * Arguments: PORT (0 picks a free one), then an H2 file to keep the data in (nothing: in memory).
 * Prints "listening PORT" when it serves, and ends when its standard input does, so that it never outlives the tests.
 */
public final class MongoPeer {
    /** Speaks like MongoDB 5.0; mongo-java-server's own versions (wire 6 and 7) are refused by current drivers. */
    private static final class Version implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 13;
        }
    }

    /** mongo-java-server fails now and then when an index is created while other commands run; MongoDB does not. */
    private static MongoBackend oneAtATime(MongoBackend backend) {
        Class<?>[] shape = {MongoBackend.class};
        return (MongoBackend) Proxy.newProxyInstance(MongoPeer.class.getClassLoader(), shape, (proxy, method, arguments) -> {
            synchronized (backend) {
                try {
                    return method.invoke(backend, arguments);
                } catch (InvocationTargetException failure) {
                    throw failure.getCause();
                }
            }
        });
    }

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(arguments[0]);
        MongoBackend backend = arguments.length > 1 ? new H2Backend(arguments[1]) : new MemoryBackend();
        backend.version(new Version());
        MongoServer server = new MongoServer(oneAtATime(backend));
        server.bind(new InetSocketAddress("127.0.0.1", port));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        System.out.println("listening " + server.getLocalAddress().getPort());
        while (System.in.read() != -1) {
            // Wait for the end of standard input.
        }
        System.exit(0);
    }
}

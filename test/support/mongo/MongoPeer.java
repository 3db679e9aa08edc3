import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * The MongoDB that the tests start: mongo-java-server on loopback, presented at a wire version that current drivers accept, and
 * mended where it is not like MongoDB and the tests would notice.
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

    /**
     * Runs one command at a time: mongo-java-server fails now and then when an index is created while others run. And lets it
     * keep texts in another spelling, in which its own order of them is that of MongoDB.
     */
    private static MongoBackend mended(MongoBackend backend) {
        Class<?>[] shape = {MongoBackend.class};
        return (MongoBackend) Proxy.newProxyInstance(MongoPeer.class.getClassLoader(), shape, (proxy, method, arguments) -> {
            synchronized (backend) {
                try {
                    if (!method.getName().equals("handleMessage")) return method.invoke(backend, arguments);
                    Document command = ((MongoMessage) arguments[0]).getDocument();
                    command.replaceAll((key, value) -> respelt(value, MongoPeer::toKept));
                    return respelt(method.invoke(backend, arguments), MongoPeer::toShown);
                } catch (InvocationTargetException failure) {
                    throw failure.getCause();
                }
            }
        });
    }

    /**
     * MongoDB orders texts by their UTF-8 bytes, mongo-java-server by UTF-16 units, where the surrogates of characters beyond
     * U+FFFF come before U+E000. Kept texts have both blocks exchanged.
     */
    private static int toKept(int unit) {
        if (unit < 0xD800) return unit;
        return unit < 0xE000 ? unit + 0x2000 : unit - 0x800;
    }

    private static int toShown(int unit) {
        if (unit < 0xD800) return unit;
        return unit >= 0xF800 ? unit - 0x2000 : unit + 0x800;
    }

    private static Object respelt(Object value, IntUnaryOperator spelling) {
        if (value instanceof String) {
            StringBuilder text = new StringBuilder();
            ((String) value).chars().map(spelling).forEach(unit -> text.append((char) unit));
            return text.toString();
        }
        if (value instanceof Document) {
            Document copy = new Document();
            ((Document) value).forEach((key, member) -> copy.put(key, respelt(member, spelling)));
            return copy;
        }
        if (value instanceof Collection<?>) {
            List<Object> copy = new ArrayList<>();
            ((Collection<?>) value).forEach(element -> copy.add(respelt(element, spelling)));
            return copy;
        }
        return value;
    }

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(arguments[0]);
        MongoBackend backend = arguments.length > 1 ? new H2Backend(arguments[1]) : new MemoryBackend();
        backend.version(new Version());
        MongoServer server = new MongoServer(mended(backend));
        server.bind(new InetSocketAddress("127.0.0.1", port));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        System.out.println("listening " + server.getLocalAddress().getPort());
        while (System.in.read() != -1) {
            // Wait for the end of standard input.
        }
        System.exit(0);
    }
}

import { connect, type Socket } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly bodyBytes: number;
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

const END_OF_HEAD = '\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * One keep-alive connection that sends ready-made requests one after the other. It understands just enough HTTP to know
 * where an answer with a `Content-Length` ends, so that measuring costs little beside what is measured.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #waiting: Waiting | null = null;
  #head: Buffer = Buffer.alloc(0);
  #reply: Reply | null = null;
  #bytesMissing = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The connection was closed before the answer was complete.')));
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect({ host: '127.0.0.1', port });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('error', reject);
    });
    return new HttpConnection(socket);
  }

  async send(request: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    if (this.#reply !== null) {
      this.#count(chunk.length);
      return;
    }
    this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const head = this.#head.toString('latin1', 0, end);
    const bodyBytes = Number(CONTENT_LENGTH.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(bodyBytes)) {
      this.#fail(new Error(`The answer has no Content-Length:\n${head}`));
      return;
    }
    this.#reply = { status: Number(head.slice(9, 12)), bodyBytes };
    this.#bytesMissing = bodyBytes;
    this.#count(this.#head.length - end - END_OF_HEAD.length);
  }

  #count(bytes: number): void {
    this.#bytesMissing -= bytes;
    if (this.#bytesMissing > 0) return;
    const { reply, waiting } = { reply: this.#reply, waiting: this.#waiting };
    this.#reply = null;
    this.#waiting = null;
    this.#head = Buffer.alloc(0);
    if (reply === null || waiting === null) return;
    if (this.#bytesMissing < 0) waiting.reject(new Error('The answer is longer than its Content-Length.'));
    else waiting.resolve(reply);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}

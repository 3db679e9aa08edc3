import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import winston from 'winston';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogFields = Readonly<Record<string, unknown>>;

/** Messages are constant sentences; what varies goes into the fields. */
export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** Writes out what is still buffered. */
  flush(): void;
}

interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'text';
  /** File descriptor to write to; 1 is standard output. */
  readonly fd?: number;
}

/** Where winston leaves a formatted line. @see https://github.com/winstonjs/triple-beam */
const LINE = Symbol.for('message');

/** What goes through winston's formats, … */
interface LogInfo {
  level: LogLevel;
  message: string;
  readonly fields: LogFields;
  readonly timeMs: number;
}

/** … and what comes out of them. */
interface FormattedInfo extends LogInfo {
  readonly [LINE]: string;
}

/** Lines are gathered this long, so that a busy service formats hundreds of them in one go and writes them by one system call. */
const FLUSH_INTERVAL_MS = 50;
const FLUSH_LINES = 256;

/** User info of a URL, in whatever text it turns up: all before the last `@` that no slash precedes, as URL parsers see it. */
const URL_USER_INFO = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/"']*@/gi;

export function redactUrls(text: string): string {
  return text.includes('@') ? text.replace(URL_USER_INFO, '$1***@') : text;
}

/** Takes what winston has formatted; a whole transport of winston's would only copy and filter it once more. */
class Lines extends Writable {
  #lines: string[] = [];

  constructor() {
    super({ objectMode: true });
  }

  override _write(info: FormattedInfo, _encoding: BufferEncoding, done: () => void): void {
    this.#lines.push(info[LINE], '\n');
    done();
  }

  take(): string {
    const text = this.#lines.join('');
    this.#lines = [];
    return text;
  }
}

/** A log that cannot be written must not stop the service: a reader that went away or is slow costs lines, not requests. */
function writeAll(fd: number, bytes: Buffer): void {
  let written = 0;
  for (let attempts = 0; written < bytes.length && attempts < 100; attempts++) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
    }
  }
}

const printf = (template: (info: LogInfo) => string): winston.Logform.Format => winston.format.printf((info) => template(info as unknown as LogInfo));

const json = printf(({ level, message, fields, timeMs }) => {
  const time = new Date(timeMs).toISOString();
  try {
    const line = { time, level, message, ...fields };
    return redactUrls(hasObjects(fields) ? JSON.stringify(line, replaceErrors) : JSON.stringify(line));
  } catch (error) {
    // Fields that are no tree cost their line its fields, not the service its life.
    return JSON.stringify({ time, level, message, unprintable: String(error) });
  }
});

/** Plain values need no replacer, and without one JSON is made several times as fast: most lines tell of a request. */
function hasObjects(fields: LogFields): boolean {
  for (const key in fields) if (typeof fields[key] === 'object') return true;
  return false;
}

const COLOURS: Record<string, string> = { error: '\u001b[31m', warn: '\u001b[33m', info: '\u001b[32m', debug: '\u001b[90m' };

const text = printf(({ level, message, fields, timeMs }) => {
  const shown = Object.entries(fields).map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value, replaceErrors)}`);
  const time = new Date(timeMs).toISOString().slice(11, 23);
  return redactUrls(`${time} ${COLOURS[level] ?? ''}${level.padEnd(5)}\u001b[0m ${message} ${shown.join(' ')}`.trimEnd());
});

function replaceErrors(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { name: value.name, message: value.message, stack: value.stack, cause: value.cause };
}

/** JSON lines, or lines for a terminal. Made and written in small batches; call `flush` before the process ends. */
export function createLog({ level, format, fd = 1 }: LogOptions): Log {
  const logger = winston.createLogger({ level, format: format === 'json' ? json : text });
  const lines = logger.pipe(new Lines());
  let waiting: LogInfo[] = [];
  let timer: NodeJS.Timeout | null = null;
  const flush = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (waiting.length === 0) return;
    const infos = waiting;
    waiting = [];
    for (const info of infos) logger.log(info);
    writeAll(fd, Buffer.from(lines.take()));
  };
  const logAt = (lineLevel: LogLevel) => {
    if (!logger.isLevelEnabled(lineLevel)) return () => undefined;
    return (message: string, fields: LogFields = {}) => {
      const count = waiting.push({ level: lineLevel, message, fields, timeMs: Date.now() });
      if (count >= FLUSH_LINES) flush();
      else timer ??= setTimeout(flush, FLUSH_INTERVAL_MS).unref();
    };
  };
  return { error: logAt('error'), warn: logAt('warn'), info: logAt('info'), debug: logAt('debug'), flush };
}

/** Varints of more bytes than this are damage: they hold 35 bits, more than any number here. */
const VARINT_BYTES_MAX = 5;

/** Puts a few bytes together. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  byte(value: number): this {
    this.#bytes.push(value);
    return this;
  }

  /** A whole number from 0 to 2^35 - 1: seven bits a byte, lowest first. */
  varint(value: number): this {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes.push((rest % 0x80) | 0x80);
    this.#bytes.push(rest);
    return this;
  }

  /** @param begin what is to stand before all that was written */
  done(begin?: Uint8Array): Uint8Array {
    if (begin === undefined) return Uint8Array.from(this.#bytes);
    const bytes = new Uint8Array(begin.length + this.#bytes.length);
    bytes.set(begin);
    bytes.set(this.#bytes, begin.length);
    return bytes;
  }
}

/** Two bytes, the lower one first. */
export const uint16At = (bytes: Uint8Array, offset: number): number => (bytes[offset] ?? 0) + 0x100 * (bytes[offset + 1] ?? 0);

/** Four bytes, the lowest one first. */
export const uint32At = (bytes: Uint8Array, offset: number): number => uint16At(bytes, offset) + 0x1_0000 * uint16At(bytes, offset + 2);

export function putUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value % 0x100;
  bytes[offset + 1] = Math.floor(value / 0x100);
}

export function putUint32(bytes: Uint8Array, offset: number, value: number): void {
  putUint16(bytes, offset, value % 0x1_0000);
  putUint16(bytes, offset + 2, Math.floor(value / 0x1_0000));
}

/** Reads what may be damaged: beyond the end, or in a varint without one, it gives 0 and `ok` is false from then on. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  offset: number;
  ok = true;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.offset = offset;
  }

  get ended(): boolean {
    return !this.ok || this.offset >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.offset];
    if (value === undefined) return this.#fail();
    this.offset++;
    return value;
  }

  varint(): number {
    // Most are one byte.
    const first = this.#bytes[this.offset];
    if (first !== undefined && first < 0x80) {
      this.offset++;
      return this.ok ? first : 0;
    }
    let value = 0;
    for (let index = 0, scale = 1; index < VARINT_BYTES_MAX; index++, scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return this.ok ? value : 0;
    }
    return this.#fail();
  }

  #fail(): 0 {
    this.ok = false;
    return 0;
  }
}

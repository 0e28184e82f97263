/** Bytes of the message in which a TLS client says whom it wants: one of Palm Tree's has some 400. */
export const mostHelloBytes = 4_096;

const recordHeaderBytes = 5;
const handshakeRecord = 22;
const clientHello = 1;
const serverNameExtension = 0;
const hostName = 0;

/** What a TLS client has said first. */
export interface ClientHello {
  /** Undefined: it named nobody, or speaks no TLS. */
  readonly serverName?: string;
}

/**
 * Reads whom a TLS client wants (RFC 8446, section 4.1.2, and RFC 6066, section 3), before anything
 * is spent on it. What else it said is for TLS to judge.
 *
 * @param bytes - the first of the connection; nothing in the result refers to them
 * @returns undefined while more of them are needed: at most {@link mostHelloBytes} are
 */
export function readClientHello(bytes: Uint8Array): ClientHello | undefined {
  if (bytes.length > 0 && bytes[0] !== handshakeRecord) return {};
  if (bytes.length < recordHeaderBytes) return undefined;
  const record = new Cursor(bytes);
  record.skip(3);
  const length = record.number(2);
  if (recordHeaderBytes + length > mostHelloBytes) return {};
  if (bytes.length < recordHeaderBytes + length) return undefined;
  const serverName = serverNameIn(record.part(length));
  return serverName === undefined ? {} : { serverName };
}

function serverNameIn(message: Cursor): string | undefined {
  if (message.number(1) !== clientHello) return undefined;
  const hello = message.part(message.number(3));
  hello.skip(2 + 32); // version, random
  hello.skip(hello.number(1)); // session id
  hello.skip(hello.number(2)); // cipher suites
  hello.skip(hello.number(1)); // compression methods
  const extensions = hello.part(hello.number(2));
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const content = extensions.part(extensions.number(2));
    if (type === serverNameExtension) return hostNameIn(content);
  }
  return undefined;
}

function hostNameIn(extension: Cursor): string | undefined {
  const names = extension.part(extension.number(2));
  if (names.number(1) !== hostName) return undefined;
  const name = names.part(names.number(2));
  return name.left === 0 ? undefined : name.text();
}

/** Reads on from byte to byte; behind the end there is nothing, which reads as 0 or empty. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return Math.max(0, this.#bytes.length - this.#at);
  }

  /** A number of so many bytes, the highest first. */
  number(count: number): number {
    let value = 0;
    for (let at = this.#at; at < this.#at + count; at += 1)
      value = value * 256 + (this.#bytes[at] ?? 0);
    this.#at += count;
    return value;
  }

  skip(count: number): void {
    this.#at += count;
  }

  /** The next bytes: empty where there are not so many. */
  part(count: number): Cursor {
    const end = this.#at + count;
    const isWhole = end <= this.#bytes.length;
    const part = new Cursor(this.#bytes.subarray(isWhole ? this.#at : end, end));
    this.#at = end;
    return part;
  }

  text(): string {
    return String.fromCharCode(...this.#bytes.subarray(this.#at));
  }
}

import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { connect, createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { PalmTreeError, type PeerId } from "@palmtree/wire";
import type { Endpoint } from "../address.js";
import { type Call, serverNameOf } from "../security/call.js";
import { keyIn } from "../security/certificate.js";
import { type Identity, peerIdOf } from "../security/identity.js";
import type { Pipe, PipeEvents } from "../stream/pipe.js";
import { SocketPipe, type SocketPipeOptions } from "./socket-pipe.js";

/**
 * TLS 1.3 alone, with a new secret for every connection (X25519), and the cipher for which processors
 * have instructions. Both ends show a certificate; there is nothing to be resumed.
 */
const protocol = {
  minVersion: "TLSv1.3",
  maxVersion: "TLSv1.3",
  ciphers: "TLS_AES_128_GCM_SHA256",
  ecdhCurve: "X25519",
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

const applicationProtocols = ["palmtree/1"];

/** What the connections of one process have in common. */
export class TlsSetting {
  readonly identity: Identity;
  readonly secureContext: SecureContext;

  constructor(identity: Identity) {
    this.identity = identity;
    this.secureContext = createSecureContext({ ...protocol, ...identity.certificate });
  }
}

/**
 * Open a TLS connection to the peer that offered it. It is open when that peer has proved who it
 * is.
 */
export function dialTlsPipe(
  to: Endpoint,
  call: Call,
  events: PipeEvents,
  { setting, ...options }: SocketPipeOptions & { readonly setting: TlsSetting },
): Pipe {
  const { identity, secureContext } = setting;
  const socket = connect({
    host: to.host,
    port: to.port,
    secureContext,
    servername: serverNameOf(call, identity.idIn(call.session)),
    ALPNProtocols: applicationProtocols,
    // The certificate carries a key, which is compared with the peer's id below.
    rejectUnauthorized: false,
    // Not in the types of Node's `tls`; it is a socket's, as for plain TCP.
    ...{
      onread: {
        buffer: () => events.room(),
        callback: (count: number) => {
          pipe.take(count);
          return true;
        },
      },
    },
  });
  socket.setNoDelay(true);
  const pipe: SocketPipe = new SocketPipe(socket, events, options);
  pipe.awaitOpen("secureConnect", () => impostor(socket, call));
  return pipe;
}

/** The pipe of a socket that a server accepted, of somebody who is expected to make that call. */
export function acceptedTlsPipe(
  raw: Socket,
  call: Call,
  events: PipeEvents,
  { setting, ...options }: SocketPipeOptions & { readonly setting: TlsSetting },
): Pipe {
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext: setting.secureContext,
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: applicationProtocols,
  });
  const pipe = new SocketPipe(socket, events, { ...options, raw });
  socket.pause();
  socket.on("data", (bytes: Buffer) => pipe.pass(bytes));
  socket.on("secure", () => {
    const error = impostor(socket, call);
    if (error !== undefined) pipe.fail(error);
    else pipe.caller = call.peer;
  });
  return pipe;
}

/** The error when the other end is not who it should be. */
function impostor(socket: TLSSocket, { session, peer }: Call): PalmTreeError | undefined {
  const found = peerAt(socket, session);
  if (found === peer) return undefined;
  return new PalmTreeError(
    "protocol-violation",
    `${socket.remoteAddress}: got peer ${found ?? "unknown"} at the other end, expected ${peer}`,
    { fault: "remote", facts: { got: found ?? "", expected: peer } },
  );
}

/** Who has proved at the other end that it has the key of its certificate. */
function peerAt(socket: TLSSocket, session: string): PeerId | undefined {
  const key = keyIn(socket.getPeerX509Certificate());
  return key && peerIdOf(session, key);
}

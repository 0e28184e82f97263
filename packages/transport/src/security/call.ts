import type { PeerId, SessionId } from "@palmtree/wire";

/**
 * What a connection is for, known to both ends before it is opened: in that session that peer has
 * offered a connection to this one, with a token that nobody else has seen.
 */
export interface Call {
  readonly session: SessionId;
  /** Who is to be there, for who dials; who says that it dials, for who is dialled. */
  readonly peer: PeerId;
  /** 16 hexadecimal digits. */
  readonly token: string;
}

/** The call as TLS tells it ahead of everything else (server name indication, RFC 6066). */
export function serverNameOf({ session, token }: Call, caller: PeerId): string {
  return `${token}.${caller}.${session}`;
}

/** What the server name says; undefined when it says nothing of the kind. */
export function callOf(serverName: string): Call | undefined {
  const parts = /^([0-9a-f]{16})\.([0-9a-f]{16})\.([0-9a-f]{32})$/.exec(serverName);
  const [, token, peer, session] = parts ?? [];
  if (token === undefined || peer === undefined || session === undefined) return undefined;
  return { session, peer, token };
}

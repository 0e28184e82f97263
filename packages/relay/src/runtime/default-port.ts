/** The port of a peer, UDP and TCP, where none is given. */
export const defaultPort = 4747;

/** What came of a session's content, counted. */
export class Tally {
  /** Payload bytes that are verified here. */
  bytes = 0;
  /** Of these, those that were on disk already. */
  resumedBytes = 0;
  /** Chunks that came although they were held or on their way to be. */
  duplicates = 0;
  /** Payload bytes of these. */
  duplicateBytes = 0;

  onHeld(bytes: number): void {
    this.bytes += bytes;
  }

  onResumed(bytes: number): void {
    this.bytes += bytes;
    this.resumedBytes += bytes;
  }

  onDuplicate(bytes: number): void {
    this.duplicates += 1;
    this.duplicateBytes += bytes;
  }
}

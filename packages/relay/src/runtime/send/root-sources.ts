import {
  defaultChunkSizeBytes,
  pipelineChunkSizeBytes,
  SourceReader,
  StreamSource,
  scanSources,
} from "@palmtree/files";
import type { SendOrder } from "./sender-options.js";
import type { RootSources } from "./source-content.js";

/**
 * Finds out what is to be sent, and makes ready to read it.
 *
 * @returns sources that the caller closes
 * @throws as `scanSources` and `StreamSource.open`
 */
export async function openSources(order: SendOrder): Promise<RootSources> {
  const { files, peers, strategy, chunkSizeBytes, spoolDirectory, links, signal } = order;
  if ("stream" in files) {
    const size = chunkSizeBytes === undefined ? {} : { chunkSizeBytes };
    const chunks = await StreamSource.open(files, { ...size, spoolDirectory });
    return { described: chunks.described, chunks };
  }
  const rule = (totalBytes: number): number =>
    strategy === "pipeline"
      ? pipelineChunkSizeBytes(totalBytes, 1 + peers.length)
      : defaultChunkSizeBytes(totalBytes);
  const scanned = await scanSources(files, {
    chunkSizeBytes: chunkSizeBytes ?? rule,
    links,
    ...(signal === undefined ? {} : { signal }),
  });
  return { described: scanned, chunks: new SourceReader(scanned) };
}

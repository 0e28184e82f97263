import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sourceName } from "../source.js";
import { untilListening } from "./listening.js";
import type { Station, Tool } from "./tool.js";

const port = 80;

const quietly = ["--silent", "--show-error", "--fail"];

/** What everybody does without a tool: each host fetches the file from the root. */
export const star: Tool = {
  name: "star",
  about: "nginx on the root, curl on the others; only the length is verified",
  requirements: [
    { package: "nginx-light", probe: ["nginx", "-v"] },
    { package: "curl", probe: ["curl", "--version"] },
  ],

  async start({ root, receivers, start }) {
    const configuration = join(root.directory, "nginx.conf");
    writeFileSync(configuration, serverConfiguration(root));
    const server = start(root, "nginx", ["-e", "stderr", "-c", configuration]);
    await untilListening(server, port);
    const url = `http://${root.host.address}/${sourceName}`;
    const startedAtMs = performance.now();
    const fetches = receivers.map((station) =>
      start(station, "curl", [...quietly, "--output", station.file, url]),
    );
    return {
      startedAtMs,
      completions: fetches.map(async (fetch) => (await fetch.success()).atMs),
    };
  },
};

/** One process, in the foreground, which leaves nothing outside its directory. */
export function serverConfiguration({ directory, file }: Station): string {
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const places = kinds.map((kind) => `  ${kind}_temp_path ${join(directory, kind)};`);
  return `daemon off;
master_process off;
user root;
pid ${join(directory, "nginx.pid")};
events {}
http {
  access_log off;
  sendfile on;
${places.join("\n")}
  server {
    listen ${port};
    root ${dirname(file)};
  }
}
`;
}

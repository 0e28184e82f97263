import { GroupKey } from "../../src/index.js";
import { describeTransport } from "../compliance.js";
import { loopback } from "./loopback.js";

describeTransport("sockets", loopback());
describeTransport("sealed sockets", loopback({ keys: [GroupKey.draw()] }));

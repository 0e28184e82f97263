import { describeTransport } from "../compliance.js";
import { loopback } from "./loopback.js";

describeTransport("sockets", loopback());

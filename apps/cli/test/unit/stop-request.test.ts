import { afterEach, expect, test, vi } from "vitest";
import { StopRequest } from "../../src/stop-request.js";

/** What Node does when the process gets that signal, where somebody listens. */
const signal = (): boolean => process.emit("SIGTERM", "SIGTERM");

afterEach(() => {
  vi.restoreAllMocks();
  process.removeAllListeners("SIGINT").removeAllListeners("SIGTERM");
});

test("the first signal asks, with its name as the reason, and the second ends the process at once", () => {
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  using stop = new StopRequest();
  expect(stop.signal.aborted).toBe(false);
  signal();
  expect(stop.signal.reason).toMatchObject({ code: "aborted", message: "stopped by SIGTERM" });
  expect(exit).not.toHaveBeenCalled();
  signal();
  expect(exit).toHaveBeenCalledWith(1);
});

// It ended by the signal itself, without an exit code, when that came after the last of the work.
test("a second signal has the same exit code when all is done, and the process just about to end", () => {
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  new StopRequest()[Symbol.dispose]();
  expect(signal()).toBe(false);
  const stop = new StopRequest();
  signal();
  stop[Symbol.dispose]();
  expect(signal()).toBe(true);
  expect(exit).toHaveBeenCalledWith(1);
});

/** Whether this system has neither permission bits nor `/proc`. */
export const onWindows: boolean = process.platform === "win32";

/** Whether processes have files in `/proc`, and can be given fewer descriptors by a shell. */
export const onLinux: boolean = process.platform === "linux";

if (onWindows) console.warn("skipped on Windows: tests of who may read a key");
if (!onLinux)
  console.warn(
    "skipped but on Linux: a process with few descriptors, a stream that cannot be read",
  );

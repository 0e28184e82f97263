/** Whether this system has neither permission bits nor links that anybody may make. */
export const onWindows: boolean = process.platform === "win32";

/** Whether a directory that is held can be reached whatever has its name, and names are any bytes. */
export const onLinux: boolean = process.platform === "linux";

if (!onLinux)
  console.warn("skipped but on Linux: tests of held directories, open files and odd names");
if (onWindows) console.warn("skipped on Windows: tests of permission bits and symbolic links");

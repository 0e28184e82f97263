/** Whether this system has neither permission bits nor links that anybody may make. */
export const onWindows: boolean = process.platform === "win32";

if (onWindows) console.warn("skipped on Windows: tests of permission bits and symbolic links");

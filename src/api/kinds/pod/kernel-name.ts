/** How long the kernel lets a hostname be (sethostname(2)). */
export const maxKernelName = 64;

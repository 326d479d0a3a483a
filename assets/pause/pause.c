/*
 * The first process of every pod: holds the pod's namespaces, does nothing else.
 *
 * Reaps children (it is PID 1 where a pod shares its process namespace) and exits 0 on SIGTERM or SIGINT.
 * Uses no library, so that it is about a kilobyte and all pods share its one page of code.
 * Build: scripts/build-static.sh
 */

#if defined(__x86_64__)
enum { nr_rt_sigprocmask = 14, nr_exit = 60, nr_wait4 = 61, nr_rt_sigtimedwait = 128 };

static long call4(long number, long first, long second, long third, long fourth) {
  long result;
  register long r10 __asm__("r10") = fourth;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(first), "S"(second), "d"(third), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
enum { nr_rt_sigprocmask = 135, nr_exit = 93, nr_wait4 = 260, nr_rt_sigtimedwait = 137 };

static long call4(long number, long first, long second, long third, long fourth) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = first;
  register long x1 __asm__("x1") = second;
  register long x2 __asm__("x2") = third;
  register long x3 __asm__("x3") = fourth;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#else
#error "only x86-64 and arm64"
#endif

enum { sig_int = 2, sig_term = 15, sig_chld = 17, sig_block = 0, w_nohang = 1 };

__attribute__((noreturn)) void _start(void) {
  /* Blocked signals reach PID 1 although it has no handler for them; they are taken one by one below. */
  unsigned long wanted = 1ul << (sig_int - 1) | 1ul << (sig_term - 1) | 1ul << (sig_chld - 1);
  call4(nr_rt_sigprocmask, sig_block, (long)&wanted, 0, sizeof wanted);
  for (;;) {
    /* Before waiting: a child may have ended before the signal was blocked. */
    while (call4(nr_wait4, -1, 0, w_nohang, 0) > 0) {
    }
    long signal = call4(nr_rt_sigtimedwait, (long)&wanted, 0, 0, sizeof wanted);
    if (signal == sig_int || signal == sig_term) {
      for (;;) call4(nr_exit, 0, 0, 0, 0);
    }
  }
}

/*
 * Runs a program once one byte has come on stdin: the byte by which the device says that somebody is attached
 * (docs/adr/0038). Until then nothing of the program exists, so nothing that it prints can be missed.
 *
 *     eliot-hold PROGRAM ARGUMENT...
 *
 * It becomes the program by execve, found along PATH as a shell finds it. A program that cannot be run is told of on stderr,
 * with the exit codes of a shell: 127 not found, 126 not to be run. SIGTERM, SIGINT and SIGHUP end the wait, also of PID 1.
 * A terminal is without echo while it waits, and as it was afterwards.
 * Uses no library, so that it runs in every image. Build: scripts/build-static.sh
 */

#if defined(__x86_64__)
enum { nr_read = 0, nr_write = 1, nr_close = 3, nr_rt_sigprocmask = 14, nr_ioctl = 16, nr_execve = 59, nr_exit = 60, nr_ppoll = 271, nr_signalfd4 = 289 };

static long call5(long number, long first, long second, long third, long fourth, long fifth) {
  long result;
  register long r10 __asm__("r10") = fourth;
  register long r8 __asm__("r8") = fifth;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(first), "S"(second), "d"(third), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}

__asm__(".globl _start\n_start:\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call hold\n");
#elif defined(__aarch64__)
enum { nr_read = 63, nr_write = 64, nr_close = 57, nr_rt_sigprocmask = 135, nr_ioctl = 29, nr_execve = 221, nr_exit = 93, nr_ppoll = 73, nr_signalfd4 = 74 };

static long call5(long number, long first, long second, long third, long fourth, long fifth) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = first;
  register long x1 __asm__("x1") = second;
  register long x2 __asm__("x2") = third;
  register long x3 __asm__("x3") = fourth;
  register long x4 __asm__("x4") = fifth;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}

__asm__(".globl _start\n_start:\n  mov x0, sp\n  bl hold\n");
#else
#error "only x86-64 and arm64"
#endif

enum { sig_hup = 1, sig_int = 2, sig_term = 15, sig_block = 0, sig_unblock = 1, poll_in = 1, close_on_exec = 02000000 };
enum { tc_get = 0x5401, tc_set = 0x5402, line_input = 0000002, echo = 0000010 };
enum { not_found = -2, not_permitted = -13, is_directory_part = -20, path_length = 4096 };

/* The kernel's own termios, which is shorter than the C library's. */
struct terminal {
  unsigned int input, output, control, local;
  unsigned char line, characters[19];
};
struct poll_entry {
  int file;
  short wanted, found;
};

__attribute__((noreturn)) static void end(long code) {
  for (;;) call5(nr_exit, code, 0, 0, 0, 0);
}

static unsigned long length_of(const char *text) {
  unsigned long length = 0;
  while (text[length]) length++;
  return length;
}

static void say(const char *text) { call5(nr_write, 2, (long)text, (long)length_of(text), 0, 0); }

/* The value of PATH; runtimes always set one. */
static const char *search_path(char **environment) {
  for (; *environment; environment++) {
    const char *entry = *environment;
    if (entry[0] == 'P' && entry[1] == 'A' && entry[2] == 'T' && entry[3] == 'H' && entry[4] == '=') return entry + 5;
  }
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

static int is_path(const char *name) {
  for (; *name; name++)
    if (*name == '/') return 1;
  return 0;
}

/* Becomes the program; returns the error of the kernel when that cannot be. */
static long become(char **arguments, char **environment) {
  const char *name = arguments[0];
  if (is_path(name)) return call5(nr_execve, (long)name, (long)arguments, (long)environment, 0, 0);
  long error = not_found;
  char candidate[path_length];
  const char *path = search_path(environment);
  unsigned long name_length = length_of(name);
  if (name_length == 0) return not_found;
  for (;;) {
    unsigned long length = 0;
    while (path[length] && path[length] != ':') length++;
    if (length + name_length + 2 <= sizeof candidate) {
      unsigned long end = 0;
      for (; end < length; end++) candidate[end] = path[end];
      /* An empty part of PATH is the working directory. */
      if (length > 0) candidate[end++] = '/';
      for (unsigned long at = 0; at <= name_length; at++) candidate[end + at] = name[at];
      long failed = call5(nr_execve, (long)candidate, (long)arguments, (long)environment, 0, 0);
      if (failed != not_found && failed != is_directory_part) {
        error = failed;
        if (failed != not_permitted) return error;
      }
    }
    if (!path[length]) return error;
    path += length + 1;
  }
}

/* Waits for one byte of stdin, or its end; a signal that ends programs ends this one. */
static void wait_for_byte(void) {
  unsigned long ending = 1ul << (sig_hup - 1) | 1ul << (sig_int - 1) | 1ul << (sig_term - 1);
  /* PID 1 gets no signal that it has not asked for. */
  call5(nr_rt_sigprocmask, sig_block, (long)&ending, 0, sizeof ending, 0);
  long signals = call5(nr_signalfd4, -1, (long)&ending, sizeof ending, close_on_exec, 0);
  struct poll_entry entries[2] = {{0, poll_in, 0}, {(int)signals, poll_in, 0}};
  for (;;) {
    if (call5(nr_ppoll, (long)entries, 2, 0, 0, 0) <= 0) continue;
    if (entries[1].found & poll_in) {
      unsigned int signal[32];
      call5(nr_read, signals, (long)signal, sizeof signal, 0, 0);
      end(128 + signal[0]);
    }
    if (entries[0].found) break;
  }
  char byte;
  call5(nr_read, 0, (long)&byte, 1, 0, 0);
  call5(nr_close, signals, 0, 0, 0, 0);
  call5(nr_rt_sigprocmask, sig_unblock, (long)&ending, 0, sizeof ending, 0);
}

__attribute__((noreturn, used)) void hold(long *stack) {
  long count = stack[0];
  char **arguments = (char **)(stack + 1);
  char **environment = arguments + count + 1;
  if (count < 2) end(2);

  struct terminal before;
  int is_terminal = call5(nr_ioctl, 0, tc_get, (long)&before, 0, 0) == 0;
  if (is_terminal) {
    struct terminal quiet = before;
    quiet.local &= ~(unsigned int)(line_input | echo);
    call5(nr_ioctl, 0, tc_set, (long)&quiet, 0, 0);
  }
  wait_for_byte();
  if (is_terminal) call5(nr_ioctl, 0, tc_set, (long)&before, 0, 0);

  long error = become(arguments + 1, environment);
  int is_missing = error == not_found || error == is_directory_part;
  say("exec: \"");
  say(arguments[1]);
  say(is_missing ? (is_path(arguments[1]) ? "\": no such file or directory\n" : "\": executable file not found in $PATH\n")
      : error == not_permitted ? "\": permission denied\n" : "\": cannot be run on this device\n");
  end(is_missing ? 127 : 126);
}

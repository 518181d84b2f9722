/* What watches the fuzzer's host process: it is loaded by server.py.

   watch_events() notes audit events of the file, network and process kinds
   that interpreters other than the main one raise.  watch_calls() puts up a
   filter that ends the process with SIGSYS at the first system call that is
   more than memory, time, threads, and the server's own pipe. */

#define _GNU_SOURCE
#include "Python.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static char last_event[200];
static int n_events;

static const char *const kinds[] = {
    "open",         "os.",         "socket.",  "subprocess.", "shutil.",
    "tempfile.",    "glob.",       "pathlib.", "ctypes.",     "fcntl.",
    "mmap.",        "pty.",        "signal.",  "syslog.",     "resource.",
    "cpython.run_", "webbrowser.", "urllib.",  "sqlite3.",
};

/* Runs in any interpreter, with its GIL and without a look at its objects. */
static int
hook(const char *event, PyObject *Py_UNUSED(args), void *Py_UNUSED(data))
{
    if (PyInterpreterState_Get() == PyInterpreterState_Main()) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strncmp(event, kinds[i], strlen(kinds[i])) == 0) {
            snprintf(last_event, sizeof(last_event), "%s", event);
            n_events++;
        }
    }
    return 0;
}

int
watch_events(void)
{
    return PySys_AddAuditHook(hook, NULL);
}

/* The last event since the last call, or "". */
const char *
watch_event(void)
{
    const char *event = n_events > 0 ? last_event : "";
    n_events = 0;
    return event;
}

// clang-format off
static const int harmless[] = {
    SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_brk, SYS_madvise,
    SYS_futex, SYS_sched_yield, SYS_nanosleep, SYS_clock_nanosleep,
    SYS_restart_syscall, SYS_gettid, SYS_getpid, SYS_tgkill,
    SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_getrandom,
    SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_sigaltstack,
    SYS_exit, SYS_exit_group, SYS_set_robust_list, SYS_rseq, SYS_clone3,
    SYS_prctl, SYS_sched_getaffinity, SYS_membarrier,
};
// clang-format on
#define N_HARMLESS ((int)(sizeof(harmless) / sizeof(harmless[0])))

/* read and write: of the descriptors 0, 1 and 2. */
int
watch_calls(void)
{
    struct sock_filter filter[N_HARMLESS + 8];
    int n = 0;
    filter[n++] = (struct sock_filter)BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < N_HARMLESS; i++) {
        filter[n++] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)harmless[i],
            (unsigned char)(N_HARMLESS - i + 4), 0);
    }
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                               SYS_read, 1, 0);
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                               SYS_write, 0, 2);
    filter[n++] = (struct sock_filter)BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]));
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 2, 0,
                                               1);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
                                               SECCOMP_RET_KILL_PROCESS);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
                                               SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = (unsigned short)n, .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
        || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
    {
        return -1;
    }
    return 0;
}

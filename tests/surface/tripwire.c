/* Call everything that a guest can call, and note each system call that is
   more than asking for memory or for the time:

       tripwire [--trusted] STATE PROGRAM

   PROGRAM runs in a restricted interpreter of the default policy (--trusted:
   in the main one), on a thread with a seccomp filter that turns every other
   system call into a signal.  The handler notes it, together with what was
   being called, and lets it fail with EPERM: nothing is ever done.

   PROGRAM has two functions.  `mark(case, variant, label)` says what is
   called next; `arm()` puts up the filter, which a restricted interpreter has
   from its first instruction on.  PROGRAM finds in START where to begin.  A
   call that hangs is cancelled, and PROGRAM is run again, behind it, in a new
   interpreter; so it is when a call uses up the memory of the interpreter.
   What has ended two of them is not called a third time.

   What was seen goes to standard output, a line each; how far it came to the
   file STATE, which outlives a crash. */

#define _GNU_SOURCE
#include "Python.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define PATIENCE 300     // ms without a mark
#define BEGINNING 30000  // ms until the first
#define STACK_SIZE ((size_t)1 << 30)
#define MEMORY_CAP (192 << 20)
#define MAX_TRIPS 10000

/* --- What is noted ----------------------------------------------------------------- */

struct state {  // in the file STATE
    volatile long marks;
    volatile int case_, variant;
    char label[200];
};

struct trip {
    int number;
    char label[200];
};

static struct {
    const char *source;
    int trusted, failed;
    char error[300];
    PyInterpreterState *volatile interp;
    volatile int done;
    pthread_mutex_t mutex;  // interp is there as long as it is held
} attempt = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static struct state *state;
static struct trip trips[MAX_TRIPS];
static volatile int n_trips, armed;
static int n_stopped, last_stopped = -1;
static char stopped[MAX_TRIPS][200];

static void
on_sigsys(int Py_UNUSED(signum), siginfo_t *info, void *context)
{
    ucontext_t *ucontext = context;
    struct trip *last = n_trips > 0 ? &trips[n_trips - 1] : NULL;
    if ((last == NULL || last->number != info->si_syscall
         || strcmp(last->label, state->label) != 0)
        && n_trips < MAX_TRIPS)
    {
        trips[n_trips].number = info->si_syscall;
        memcpy(trips[n_trips].label, state->label, sizeof(state->label));
        n_trips++;
    }
#if defined(__x86_64__)
    ucontext->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
    ucontext->uc_mcontext.regs[0] = (unsigned long long)-EPERM;
#else
#  error "which register has the result of a system call?"
#endif
}

/* --- The filter ----------------------------------------------------------------------- */

// clang-format off
static const int harmless[] = {
    // Memory and waiting.
    SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_brk, SYS_madvise,
    SYS_futex, SYS_sched_yield, SYS_nanosleep, SYS_clock_nanosleep,
    SYS_restart_syscall, SYS_gettid,    // the watchdog wakes it by this
    // Time and chance.
    SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_getrandom,
    // The end of a signal handler and of a thread.
    SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_exit, SYS_set_robust_list,
    SYS_rseq,
};
// clang-format on
#define N_HARMLESS ((int)(sizeof(harmless) / sizeof(harmless[0])))

/* Of this thread only. */
static int
put_up_filter(void)
{
    struct sock_filter filter[N_HARMLESS + 3];
    int n = 0;
    filter[n++] = (struct sock_filter)BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < N_HARMLESS; i++) {
        filter[n++] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)harmless[i],
            (unsigned char)(N_HARMLESS - i), 0);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
                                               SECCOMP_RET_TRAP);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
                                               SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = (unsigned short)n, .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
        || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
    {
        return -1;
    }
    armed = 1;
    return 0;
}

/* --- The functions of the program ------------------------------------------------- */

static PyObject *
program_mark(PyObject *Py_UNUSED(self), PyObject *args)
{
    int case_, variant;
    const char *label;
    if (!PyArg_ParseTuple(args, "iis", &case_, &variant, &label)) {
        return NULL;
    }
    state->case_ = case_;
    state->variant = variant;
    PyOS_snprintf(state->label, sizeof(state->label), "%s", label);
    state->marks++;
    Py_RETURN_NONE;
}

static PyObject *
program_arm(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    if (!armed && put_up_filter() < 0) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"mark", program_mark, METH_VARARGS, NULL},
    {"arm", program_arm, METH_NOARGS, NULL},
};

static int
line_of(PyObject *exc)
{
    PyObject *traceback = PyException_GetTraceback(exc);
    int line = 0;
    if (traceback != NULL) {
        line = ((PyTracebackObject *)traceback)->tb_lineno;
    }
    Py_XDECREF(traceback);
    return line;
}

static int
run_program(const char *source)
{
    PyObject *module = PyImport_AddModule("__main__");
    PyObject *dict = PyModule_GetDict(module);
    PyObject *start = Py_BuildValue("(ii)", state->case_, state->variant);
    for (int i = 0; i < 2; i++) {
        PyObject *function = PyCFunction_New(&functions[i], NULL);
        PyDict_SetItemString(dict, functions[i].ml_name, function);
        Py_DECREF(function);
    }
    PyDict_SetItemString(dict, "START", start);
    Py_DECREF(start);
    PyObject *result = PyRun_String(source, Py_file_input, dict, dict);
    if (result == NULL) {
        PyObject *exc = PyErr_GetRaisedException();
        PyObject *text = PyObject_Repr(exc);
        const char *utf8 = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
        PyOS_snprintf(attempt.error, sizeof(attempt.error), "%s %s, line %d",
                      Py_TYPE(exc)->tp_name, utf8 != NULL ? utf8 : "?",
                      line_of(exc));
        Py_XDECREF(text);
        Py_DECREF(exc);
        PyErr_Clear();
        return -1;
    }
    Py_DECREF(result);
    return 0;
}

/* --- One attempt ---------------------------------------------------------------------- */

static void
attempt_restricted(void)
{
    PyThreadState *host = PyThreadState_Get();
    PyThreadState *guest = PyRestrict_NewInterpreter();
    PyInterpreterState *interp = PyThreadState_GetInterpreter(guest);
    if (guest == NULL || PyRestrict_SetMemoryCap(interp, MEMORY_CAP) < 0
        || PyRestrict_SetWallCap(interp, 3600) < 0 || put_up_filter() < 0)
    {
        fprintf(stderr, "tripwire: cannot begin\n");
        exit(2);
    }
    attempt.interp = interp;
    attempt.failed = run_program(attempt.source) < 0;
    pthread_mutex_lock(&attempt.mutex);
    attempt.interp = NULL;
    pthread_mutex_unlock(&attempt.mutex);
    Py_EndInterpreter(guest);
    PyThreadState_Swap(host);
}

static void *
attempt_main(void *Py_UNUSED(arg))
{
    PyGILState_STATE gil = PyGILState_Ensure();
    armed = 0;
    if (attempt.trusted) {
        attempt.failed = run_program(attempt.source) < 0;
    }
    else {
        attempt_restricted();
    }
    PyGILState_Release(gil);
    attempt.done = 1;
    return NULL;
}

/* Cancel what makes no progress. */
static void
watch(void)
{
    long before = state->marks, marks = before;
    for (int idle = 0; !attempt.done; idle += 10) {
        usleep(10 * 1000);
        if (state->marks != marks) {
            marks = state->marks;
            idle = 0;
        }
        if (idle < (marks == before ? BEGINNING : PATIENCE)) {
            continue;
        }
        pthread_mutex_lock(&attempt.mutex);
        if (attempt.interp != NULL) {
            PyRestrict_Cancel(attempt.interp);
        }
        pthread_mutex_unlock(&attempt.mutex);
        idle = 0;
    }
}

/* 1: run again, behind what was called last. */
static int
try_once(void)
{
    pthread_t thread;
    pthread_attr_t attr;
    long before = state->marks;
    attempt.done = attempt.failed = 0;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    if (pthread_create(&thread, &attr, attempt_main, NULL) != 0) {
        fprintf(stderr, "tripwire: cannot make a thread\n");
        exit(2);
    }
    watch();
    pthread_join(thread, NULL);
    if (!attempt.failed) {
        return 0;
    }
    if (state->marks == before) {
        fprintf(stderr, "tripwire: failed before any call: %s\n",
                attempt.error);
        exit(3);
    }
    memcpy(stopped[n_stopped++], state->label, sizeof(state->label));
    if (state->case_ == last_stopped) {  // it would hang again
        state->case_++;
        state->variant = -1;
    }
    last_stopped = state->case_;
    state->variant++;
    return n_stopped < MAX_TRIPS;
}

/* --- All of it ------------------------------------------------------------------------- */

static char *
read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    char *text = calloc(1, 1 << 22);
    if (fread(text, 1, (1 << 22) - 1, file) == 0) {
        exit(2);
    }
    fclose(file);
    return text;
}

int
main(int argc, char **argv)
{
    attempt.trusted = argc > 3;
    mallopt(M_ARENA_MAX, 1);  // trimming another reads a file of /proc
    int fd = open(argv[argc - 2], O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (argc < 3 || fd < 0 || ftruncate(fd, sizeof(*state)) < 0) {
        fprintf(stderr, "usage: tripwire [--trusted] STATE PROGRAM\n");
        return 2;
    }
    state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                 0);
    attempt.source = read_file(argv[argc - 1]);
    struct sigaction action = {.sa_sigaction = on_sigsys,
                               .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSYS, &action, NULL);
    Py_InitializeEx(0);
    Py_BEGIN_ALLOW_THREADS
    while (try_once()) {
    }
    Py_END_ALLOW_THREADS
    printf("marks\t%ld\n", state->marks);
    for (int i = 0; i < n_trips; i++) {
        printf("trip\t%d\t%s\n", trips[i].number, trips[i].label);
    }
    for (int i = 0; i < n_stopped; i++) {
        printf("stopped\t%s\n", stopped[i]);
    }
    fflush(stdout);
    _exit(0);  // a trusted run has changed anything
}

/* Run guests under limits, from C, and say what happened.

   driver [OPTION VALUE]... FILE

   --memory BYTES  --cpu SECONDS  --wall SECONDS  --steps N  --output BYTES
   --cancel SECONDS    cancel from another thread after that time
   --module NAME       allow a module
   --stdin inherit     the true stdin
   --repeat N          one interpreter after the other, N times
   --threads N         the same in N threads at once
   --stack BYTES       of the threads (default 256 MiB)
   --setup FILE        run before the caps are set
   --sweep N           fork children, each of which lets an allocation of the
                       guest fail, from the making of its interpreter to its
                       end: N of them, spread over all; print which crashed
   --window N          and the N - 1 after it (default 1)
   --stride N          the distance between two, in place of an even spread
   --at N              that one alone, in this process, for a debugger

   One line of JSON for each guest, then one with the memory of the process. */

#include "Python.h"

#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern const char *_PyRestrict_LimitHit(PyInterpreterState *);
extern const char *_PyRestrict_GetOutput(PyInterpreterState *, int,
                                         Py_ssize_t *);

static struct {
    double cpu, wall, cancel;
    long long memory, steps, output, stack;
    int repeat, threads, sweep, window, stride, at;
    const char *module, *stdin_from, *setup;
} options = {.output = -1, .stack = 256 << 20, .repeat = 1, .threads = 1,
             .window = 1};
static char *source, *setup;

static double
now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static long
rss_kib(void)
{
    long total, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (fscanf(f, "%ld %ld", &total, &resident) != 2) {
        resident = -1;
    }
    fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static long
peak_kib(void)
{
    char line[200];
    long peak = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof(line), f)) {
        sscanf(line, "VmHWM: %ld", &peak);
    }
    fclose(f);
    return peak;
}

/* --- Allocations that fail ------------------------------------------------- */

static PyMemAllocatorEx real[3];
static long long n_allocations, fail_from;

static int
must_fail(void)
{
    if (fail_from == 0) {
        return 0;
    }
    n_allocations++;
    return n_allocations >= fail_from
           && n_allocations < fail_from + options.window;
}

static void *
test_malloc(void *ctx, size_t size)
{
    PyMemAllocatorEx *a = ctx;
    return must_fail() ? NULL : a->malloc(a->ctx, size);
}

static void *
test_calloc(void *ctx, size_t n, size_t size)
{
    PyMemAllocatorEx *a = ctx;
    return must_fail() ? NULL : a->calloc(a->ctx, n, size);
}

static void *
test_realloc(void *ctx, void *ptr, size_t size)
{
    PyMemAllocatorEx *a = ctx;
    return must_fail() ? NULL : a->realloc(a->ctx, ptr, size);
}

static void
test_free(void *ctx, void *ptr)
{
    PyMemAllocatorEx *a = ctx;
    a->free(a->ctx, ptr);
}

static void
hook_allocators(void)
{
    const PyMemAllocatorDomain domains[] = {
        PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
    for (int i = 0; i < 3; i++) {
        PyMem_GetAllocator(domains[i], &real[i]);
        PyMemAllocatorEx hooked = {&real[i], test_malloc, test_calloc,
                                   test_realloc, test_free};
        PyMem_SetAllocator(domains[i], &hooked);
    }
}

/* --- Guests ------------------------------------------------------------------ */

static int
set_caps(PyInterpreterState *interp)
{
    return (options.memory && PyRestrict_SetMemoryCap(interp, options.memory))
           || (options.cpu && PyRestrict_SetCPUCap(interp, options.cpu))
           || (options.wall && PyRestrict_SetWallCap(interp, options.wall))
           || (options.steps && PyRestrict_SetStepCap(interp, options.steps))
           || (options.output >= 0
               && PyRestrict_SetOutputCap(interp, options.output));
}

struct alarm {
    PyInterpreterState *interp;
};

static void *
cancel_later(void *arg)
{
    usleep((useconds_t)(options.cancel * 1e6));
    PyRestrict_Cancel(((struct alarm *)arg)->interp);
    return NULL;
}

/* The exception's type, at most; the guest's own text is not for us. */
static void
describe(char *text, size_t size)
{
    PyObject *exc = PyErr_GetRaisedException();
    snprintf(text, size, "%s", exc ? Py_TYPE(exc)->tp_name : "");
    Py_XDECREF(exc);
}

static int
run_source(const char *text)
{
    PyObject *main = PyImport_AddModule("__main__");
    PyObject *result = main ? PyRun_String(text, Py_file_input,
                                           PyModule_GetDict(main),
                                           PyModule_GetDict(main)) : NULL;
    Py_XDECREF(result);
    return result ? 0 : -1;
}

static void
print_text(const char *name, const char *data, Py_ssize_t size)
{
    printf("\"%s\": \"", name);
    for (Py_ssize_t i = 0; i < size && i < 4096; i++) {
        unsigned char c = data[i];
        if (c < 0x20 || c == '"' || c == '\\' || c > 0x7e) {
            printf("\\u%04x", c);
        }
        else {
            putchar(c);
        }
    }
    printf("\", ");
}

static void
run_guest(void)
{
    PyThreadState *guest;
    n_allocations = 0;
    fail_from = options.sweep;      // in a child of the sweep: which one
    PyStatus status = PyRestrict_NewInterpreterFromConfig(&guest, NULL);
    if (PyStatus_Exception(status)) {
        if (options.sweep) {
            fail_from = 0;
            return;
        }
        Py_ExitStatusException(status);
    }
    PyInterpreterState *interp = PyThreadState_GetInterpreter(guest);
    char error[200] = "", where[200] = "";
    if (options.module && PyRestrict_AllowModule(interp, options.module)) {
        describe(where, sizeof(where));
    }
    if (options.stdin_from && PyRestrict_UseTrueStdin(interp)) {
        describe(where, sizeof(where));
    }
    if (setup && run_source(setup)) {
        describe(where, sizeof(where));
    }
    if (set_caps(interp)) {
        describe(where, sizeof(where));
    }
    long before = rss_kib();
    pthread_t canceller;
    struct alarm alarm = {interp};
    if (options.cancel) {
        pthread_create(&canceller, NULL, cancel_later, &alarm);
    }
    double t0 = now();
    if (run_source(source)) {
        describe(error, sizeof(error));
    }
    double t1 = now();
    if (options.cancel) {
        pthread_join(canceller, NULL);
    }
    PyRestrictUsage usage;
    PyRestrict_GetUsage(interp, &usage);
    Py_ssize_t size;
    const char *output = _PyRestrict_GetOutput(interp, 1, &size);
    char *copy = malloc(size + 1);
    memcpy(copy, output ? output : "", size);
    const char *hit = _PyRestrict_LimitHit(interp);
    double t2 = now();
    Py_EndInterpreter(guest);
    double t3 = now();
    fail_from = 0;
    flockfile(stdout);
    printf("{\"hit\": \"%s\", \"error\": \"%s\", \"setup\": \"%s\", ",
           hit ? hit : "", error, where);
    print_text("stdout", copy, size);
    printf("\"run\": %.6f, \"end\": %.6f, \"cpu\": %.6f, \"wall\": %.6f, ",
           t1 - t0, t3 - t2, usage.cpu, usage.wall);
    printf("\"steps\": %llu, \"memory\": %lld, \"peak\": %lld, "
           "\"output\": %lld, \"denials\": %llu, \"before\": %ld}\n",
           (unsigned long long)usage.steps, (long long)usage.memory,
           (long long)usage.peak_memory, (long long)usage.output,
           usage.denials, before);
    funlockfile(stdout);
    free(copy);
}

static void *
run_thread(void *Py_UNUSED(arg))
{
    PyInterpreterState *main = PyInterpreterState_Main();
    PyThreadState *host = PyThreadState_New(main);
    PyEval_RestoreThread(host);
    for (int i = 0; i < options.repeat; i++) {
        run_guest();
        PyThreadState_Swap(host);
    }
    PyThreadState_Clear(host);
    PyThreadState_DeleteCurrent();
    return NULL;
}

static char *
read_all(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        exit(2);
    }
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    char *text = calloc(1, size + 1);
    if (fread(text, 1, size, f) != (size_t)size) {
        exit(2);
    }
    fclose(f);
    return text;
}

static void
parse(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
#define NUMBER(field) \
        if (strcmp(name, "--" #field) == 0) { options.field = atof(value); }
        NUMBER(cpu) NUMBER(wall) NUMBER(cancel) NUMBER(memory) NUMBER(steps)
        NUMBER(sweep) NUMBER(window) NUMBER(stride) NUMBER(at)
        NUMBER(output) NUMBER(stack) NUMBER(repeat) NUMBER(threads)
        if (strcmp(name, "--module") == 0) { options.module = value; }
        if (strcmp(name, "--stdin") == 0) { options.stdin_from = value; }
        if (strcmp(name, "--setup") == 0) { setup = read_all(value); }
    }
    source = read_all(argv[argc - 1]);
}

/* In a child of its own, for a crash; the host then makes another guest. */
static int
run_child(int which, int *n)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        options.sweep = which;
        freopen("/dev/null", "w", stdout);
        PyThreadState *host = PyThreadState_Get();
        run_guest();
        *n = n_allocations;
        options.sweep = 0;
        PyThreadState_Swap(host);
        run_guest();
        PyThreadState_Swap(host);
        _exit(Py_FinalizeEx() < 0);
    }
    int status;
    waitpid(child, &status, 0);
    return status;
}

static int
sweep(void)
{
    int *n = mmap(NULL, sizeof(*n), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    run_child(INT_MAX, n);          // nothing fails: how many are there?
    int last = *n, stride = options.stride;
    if (stride == 0) {
        stride = last > options.sweep ? last / options.sweep : 1;
    }
    for (int at = 1; at <= last; at += stride) {
        int status = run_child(at, n);
        if (status != 0) {
            printf("{\"at\": %d, \"status\": %d}\n", at, status);
        }
    }
    printf("{\"last\": %d, \"stride\": %d}\n", last, stride);
    return 0;
}

int
main(int argc, char **argv)
{
    parse(argc, argv);
    if (options.sweep || options.at) {
        hook_allocators();
    }
    Py_InitializeEx(0);
    PyThreadState *host = PyThreadState_Get();
    PyThreadState *first = PyRestrict_NewInterpreter();
    Py_EndInterpreter(first);       // what a process needs once
    PyThreadState_Swap(host);
    if (options.at) {
        options.sweep = options.at;
        run_guest();
        return 0;
    }
    if (options.sweep) {
        return sweep();
    }
    long start = rss_kib();
    PyEval_SaveThread();
    pthread_t threads[64];
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, options.stack);
    for (int i = 0; i < options.threads; i++) {
        pthread_create(&threads[i], &attr, run_thread, NULL);
    }
    for (int i = 0; i < options.threads; i++) {
        pthread_join(threads[i], NULL);
    }
    PyEval_RestoreThread(host);
    printf("{\"start\": %ld, \"rss\": %ld, \"rss_peak\": %ld}\n", start,
           rss_kib(), peak_kib());
    return Py_FinalizeEx() < 0;
}

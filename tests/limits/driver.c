/* Run guests under limits, from C, and say what happened.

   driver [OPTION VALUE]... FILE

   --memory BYTES  --cpu SECONDS  --wall SECONDS  --steps N  --output BYTES
   --cancel SECONDS    cancel from another thread after that time
   --module NAME       allow a module
   --stdin inherit     the true stdin
   --repeat N          one interpreter after the other, N times
   --threads N         the same in N threads at once
   --live 1            all of a thread's exist at once: first they are made,
                       then run, then ended
   --stack BYTES       of the threads (default 256 MiB)
   --setup FILE        run before the caps are set
   --deaf 1            the threads that run guests let no signal through
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
#include <signal.h>
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
    int repeat, threads, sweep, window, stride, at, live, deaf;
    const char *module, *stdin_from, *setup;
} options = {
    .output = -1, .stack = 256 << 20, .repeat = 1, .threads = 1, .window = 1};
static char *source, *setup;
static int n_ended;  // threads

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
    const PyMemAllocatorDomain domains[] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM,
                                            PYMEM_DOMAIN_OBJ};
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
                                           PyModule_GetDict(main))
                            : NULL;
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

struct guest {
    PyThreadState *tstate;  // NULL: it could not be made
    PyInterpreterState *interp;
    char setup[200], error[200];
    double run, end;
    long before;
    PyRestrictUsage usage;
    const char *hit;
    char *output;
    Py_ssize_t output_size;
};

/* The guest finds its number as `index`. */
static void
make_guest(struct guest *guest, int index)
{
    memset(guest, 0, sizeof(*guest));
    n_allocations = 0;
    fail_from = options.sweep;  // in a child of the sweep: which one
    PyStatus status = PyRestrict_NewInterpreterFromConfig(&guest->tstate,
                                                          NULL);
    if (PyStatus_Exception(status)) {
        if (options.sweep) {
            return;
        }
        Py_ExitStatusException(status);
    }
    char line[30];
    sprintf(line, "index = %d", index);
    guest->interp = PyThreadState_GetInterpreter(guest->tstate);
    if ((options.module
         && PyRestrict_AllowModule(guest->interp, options.module))
        || (options.stdin_from && PyRestrict_UseTrueStdin(guest->interp))
        || run_source(line) || (setup && run_source(setup))
        || set_caps(guest->interp))
    {
        describe(guest->setup, sizeof(guest->setup));
    }
}

static void
use_guest(struct guest *guest)
{
    guest->before = rss_kib();
    pthread_t canceller;
    struct alarm alarm = {guest->interp};
    if (options.cancel) {
        pthread_create(&canceller, NULL, cancel_later, &alarm);
    }
    double start = now();
    if (run_source(source)) {
        describe(guest->error, sizeof(guest->error));
    }
    guest->run = now() - start;
    if (options.cancel) {
        pthread_join(canceller, NULL);
    }
}

static void
end_guest(struct guest *guest)
{
    PyRestrict_GetUsage(guest->interp, &guest->usage);
    const char *output = _PyRestrict_GetOutput(guest->interp, 1,
                                               &guest->output_size);
    guest->output = malloc(guest->output_size + 1);
    memcpy(guest->output, output ? output : "", guest->output_size);
    guest->hit = _PyRestrict_LimitHit(guest->interp);
    double start = now();
    Py_EndInterpreter(guest->tstate);
    guest->end = now() - start;
}

static void
print_guest(struct guest *guest, int index)
{
    flockfile(stdout);
    printf("{\"index\": %d, \"hit\": \"%s\", \"error\": \"%s\", "
           "\"setup\": \"%s\", ",
           index, guest->hit ? guest->hit : "", guest->error, guest->setup);
    print_text("stdout", guest->output, guest->output_size);
    printf("\"run\": %.6f, \"end\": %.6f, \"cpu\": %.6f, \"wall\": %.6f, ",
           guest->run, guest->end, guest->usage.cpu, guest->usage.wall);
    printf("\"steps\": %llu, \"memory\": %lld, \"peak\": %lld, "
           "\"output\": %lld, \"denials\": %llu, \"before\": %ld}\n",
           (unsigned long long)guest->usage.steps,
           (long long)guest->usage.memory, (long long)guest->usage.peak_memory,
           (long long)guest->usage.output, guest->usage.denials,
           guest->before);
    funlockfile(stdout);
    free(guest->output);
}

static void
run_guest(int index)
{
    struct guest guest;
    make_guest(&guest, index);
    if (guest.tstate != NULL) {
        use_guest(&guest);
        end_guest(&guest);
        fail_from = 0;
        print_guest(&guest, index);
    }
    fail_from = 0;
}

/* All of them exist at once. */
static void
run_live(PyThreadState *host, int first)
{
    struct guest *guests = calloc(options.repeat, sizeof(*guests));
    void (*const steps[])(struct guest *) = {use_guest, end_guest};
    for (int i = 0; i < options.repeat; i++) {
        make_guest(&guests[i], first + i);
        PyThreadState_Swap(host);
    }
    for (int step = 0; step < 2; step++) {
        for (int i = 0; i < options.repeat; i++) {
            PyThreadState_Swap(guests[i].tstate);
            steps[step](&guests[i]);
            PyThreadState_Swap(host);
        }
    }
    for (int i = 0; i < options.repeat; i++) {
        print_guest(&guests[i], first + i);
    }
    free(guests);
}

static void *
run_thread(void *arg)
{
    int first = (int)(intptr_t)arg * options.repeat;
    if (options.deaf) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, NULL);
    }
    PyThreadState *host = PyThreadState_New(PyInterpreterState_Main());
    PyEval_RestoreThread(host);
    if (options.live) {
        run_live(host, first);
    }
    for (int i = 0; !options.live && i < options.repeat; i++) {
        run_guest(first + i);
        PyThreadState_Swap(host);
    }
    PyThreadState_Clear(host);
    PyThreadState_DeleteCurrent();
    _Py_atomic_add_int(&n_ended, 1);
    return NULL;
}

/* A stack of our own, to see how much of it was touched. */
static char *
new_stack(void)
{
    char *stack = mmap(NULL, options.stack, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED) {
        perror("stack");
        exit(2);
    }
    return stack;
}

static long long
touched(char *stack)
{
    long page = sysconf(_SC_PAGESIZE);
    size_t n = options.stack / page;
    unsigned char *pages = malloc(n);
    long long total = 0;
    if (mincore(stack, options.stack, pages) == 0) {
        for (size_t i = 0; i < n; i++) {
            total += pages[i] & 1 ? page : 0;
        }
    }
    free(pages);
    munmap(stack, options.stack);
    return total;
}

static int
compare(const void *a, const void *b)
{
    return *(const double *)a < *(const double *)b ? -1 : 1;
}

/* The host's own thread, while the others run guests: how long it waits for
   its GIL, in the median. */
static double
watch_host(PyThreadState *host)
{
    static double waits[100000];
    int n = 0;
    while (_Py_atomic_load_int(&n_ended) < options.threads) {
        double start = now();
        PyEval_RestoreThread(host);
        waits[n % 100000] = now() - start;
        n++;
        PyEval_SaveThread();
        usleep(1000);
    }
    n = n < 100000 ? n : 100000;
    qsort(waits, n, sizeof(*waits), compare);
    return n > 0 ? waits[n / 2] : 0;
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
        // clang-format off
#define NUMBER(field) \
        if (strcmp(name, "--" #field) == 0) { options.field = atof(value); }
        NUMBER(cpu) NUMBER(wall) NUMBER(cancel) NUMBER(memory) NUMBER(steps)
        NUMBER(sweep) NUMBER(window) NUMBER(stride) NUMBER(at)
        NUMBER(live) NUMBER(deaf)
        NUMBER(output) NUMBER(stack) NUMBER(repeat) NUMBER(threads)
            // clang-format on
            if (strcmp(name, "--module") == 0)
        {
            options.module = value;
        }
        if (strcmp(name, "--stdin") == 0) {
            options.stdin_from = value;
        }
        if (strcmp(name, "--setup") == 0) {
            setup = read_all(value);
        }
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
        run_guest(0);
        *n = n_allocations;
        options.sweep = 0;
        PyThreadState_Swap(host);
        run_guest(0);
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
    run_child(INT_MAX, n);  // nothing fails: how many are there?
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
    Py_EndInterpreter(first);  // what a process needs once
    PyThreadState_Swap(host);
    if (options.at) {
        options.sweep = options.at;
        run_guest(0);
        return 0;
    }
    if (options.sweep) {
        return sweep();
    }
    long start = rss_kib();
    PyEval_SaveThread();
    pthread_t threads[64];
    char *stacks[64];
    long long stack = 0;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    for (int i = 0; i < options.threads; i++) {
        stacks[i] = new_stack();
        pthread_attr_setstack(&attr, stacks[i], options.stack);
        pthread_create(&threads[i], &attr, run_thread, (void *)(intptr_t)i);
    }
    double waited = watch_host(host);
    for (int i = 0; i < options.threads; i++) {
        pthread_join(threads[i], NULL);
        long long used = touched(stacks[i]);
        stack = used > stack ? used : stack;
    }
    PyEval_RestoreThread(host);
    printf("{\"start\": %ld, \"rss\": %ld, \"rss_peak\": %ld, "
           "\"waited\": %.6f, \"stack\": %lld}\n",
           start, rss_kib(), peak_kib(), waited, stack);
    return Py_FinalizeEx() < 0;
}

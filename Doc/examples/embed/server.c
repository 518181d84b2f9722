/* A server that runs the scripts of several tenants, each in a restricted
   interpreter with a policy of its own, on a thread of its own.

   A tenant's interpreter lives from script to script, so that what one script
   defines is there for the next.  A limit ends an interpreter for good: the
   tenant gets a new one, and loses its state.  An operator may cancel what
   runs too long for his taste.  Each result is what the script left in the
   variable `result`.

   The host's thread state is current while the server does its own work, the
   guest's while a guest runs, and no object is used in both. */

#include <Python.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_CAP ((Py_ssize_t)64 << 20)
#define TEXT 200

/* --- Tenants ------------------------------------------------------------------ */

struct tenant {
    const char *name;
    const char *folder;        // that it may read, or NULL
    double cpu;                // seconds for all of its scripts
    unsigned long long steps;  // likewise; 0: any number
    const char *scripts[8];    // up to NULL

    PyInterpreterState *interp;  // NULL: it has none at the moment
    PyThreadState *guest;
    pthread_t thread;
    pthread_mutex_t mutex;  // of what the operator looks at
    int is_running;
    char *log;  // what happened, printed at the end
    size_t log_size;
    FILE *out;
};

/* The hook runs on the guest's thread and must not use Python. */
static void
on_denial(const PyRestrictDenial *denial, void *arg)
{
    struct tenant *tenant = arg;
    fprintf(tenant->out, "  refused: %s %s at %s:%d; to allow: %s\n",
            denial->capability, denial->subject, denial->filename,
            denial->line, denial->grant ? denial->grant : "no entry is known");
}

/* --- Its interpreter ------------------------------------------------------------ */

static int
set_policy(struct tenant *tenant)
{
    PyInterpreterState *interp = tenant->interp;
    if (PyRestrict_SetMemoryCap(interp, MEMORY_CAP) < 0
        || PyRestrict_SetCPUCap(interp, tenant->cpu) < 0
        || PyRestrict_SetDenialHook(interp, on_denial, tenant) < 0)
    {
        return -1;
    }
    if (tenant->steps && PyRestrict_SetStepCap(interp, tenant->steps) < 0) {
        return -1;
    }
    if (tenant->folder != NULL) {
        return PyRestrict_AllowDirectory(interp, tenant->folder, "r");
    }
    return 0;
}

static void
set_interp(struct tenant *tenant, PyInterpreterState *interp)
{
    pthread_mutex_lock(&tenant->mutex);
    tenant->interp = interp;
    pthread_mutex_unlock(&tenant->mutex);
}

/* Leaves the host's thread state current. */
static int
begin(struct tenant *tenant)
{
    PyThreadState *host = PyThreadState_Get();
    tenant->guest = PyRestrict_NewInterpreter();
    if (tenant->guest == NULL) {
        return -1;
    }
    set_interp(tenant, PyThreadState_GetInterpreter(tenant->guest));
    PyThreadState_Swap(host);
    if (set_policy(tenant) < 0) {
        PyErr_Print();
        return -1;
    }
    return 0;
}

static void
end(struct tenant *tenant)
{
    if (tenant->guest == NULL) {
        return;
    }
    PyThreadState *host = PyThreadState_Swap(tenant->guest);
    set_interp(tenant, NULL);  // from here on nobody cancels it
    Py_EndInterpreter(tenant->guest);
    tenant->guest = NULL;
    PyThreadState_Swap(host);
}

/* --- One script ------------------------------------------------------------------- */

/* In the guest: what it left in `result`, if that is a str.  Exactly a str:
   the methods of a subclass are the guest's code. */
static void
copy_result(PyObject *globals, char *to)
{
    PyObject *result = PyDict_GetItemString(globals, "result");
    const char *text = NULL;
    if (result != NULL && PyUnicode_CheckExact(result)) {
        text = PyUnicode_AsUTF8(result);
    }
    PyErr_Clear();
    snprintf(to, TEXT, "%s", text != NULL ? text : "(none)");
}

/* In the guest, under its limits; nothing of it but text comes out. */
static int
run_in_guest(const char *script, char *text)
{
    PyObject *globals = PyModule_GetDict(PyImport_AddModule("__main__"));
    PyObject *done = PyRun_String(script, Py_file_input, globals, globals);
    if (done != NULL) {
        Py_DECREF(done);
        copy_result(globals, text);
        return 0;
    }
    PyObject *exc = PyErr_GetRaisedException();
    snprintf(text, TEXT, "%s", Py_TYPE(exc)->tp_name);
    // What stops a guest is no Exception: nothing of the guest's catches it.
    int stopped = !PyObject_TypeCheck(exc, (PyTypeObject *)PyExc_Exception);
    Py_DECREF(exc);
    return stopped ? -1 : 1;
}

static void
set_running(struct tenant *tenant, int is_running)
{
    pthread_mutex_lock(&tenant->mutex);
    tenant->is_running = is_running;
    pthread_mutex_unlock(&tenant->mutex);
}

static const char *
reason(const struct tenant *tenant, const PyRestrictUsage *usage)
{
    if (usage->cpu >= tenant->cpu) {
        return "its time is over";
    }
    if (tenant->steps && usage->steps >= tenant->steps) {
        return "it took too many steps";
    }
    if (usage->peak_memory > MEMORY_CAP / 2) {
        return "it needs too much memory";
    }
    return "the operator cancelled it";
}

static void
serve(struct tenant *tenant, const char *script)
{
    char text[TEXT] = "";
    PyRestrictUsage usage;
    if (tenant->guest == NULL && begin(tenant) < 0) {
        fprintf(tenant->out, "  no interpreter\n");
        return;
    }
    PyThreadState *host = PyThreadState_Swap(tenant->guest);
    set_running(tenant, 1);
    int outcome = run_in_guest(script, text);
    set_running(tenant, 0);
    PyThreadState_Swap(host);
    if (PyRestrict_GetUsage(tenant->interp, &usage) < 0) {
        PyErr_Print();
        return;
    }
    if (outcome == 0) {
        fprintf(tenant->out, "  result: %s\n", text);
    }
    else if (outcome > 0) {
        fprintf(tenant->out, "  failed: %s\n", text);
    }
    else {
        fprintf(tenant->out, "  stopped: %s\n", reason(tenant, &usage));
        end(tenant);
    }
    fprintf(stderr, "%s: %.3f s, %zd KiB at most, %llu denials\n",
            tenant->name, usage.cpu, usage.peak_memory / 1024, usage.denials);
}

/* --- Threads ------------------------------------------------------------------------ */

static void *
tenant_thread(void *arg)
{
    struct tenant *tenant = arg;
    PyGILState_STATE gil = PyGILState_Ensure();
    for (int i = 0; tenant->scripts[i] != NULL; i++) {
        serve(tenant, tenant->scripts[i]);
    }
    end(tenant);
    PyGILState_Release(gil);
    return NULL;
}

/* Guests nest C calls as deep as their memory allows: the stack must be large
   enough for that. */
static int
start(struct tenant *tenant)
{
    pthread_attr_t attributes;
    tenant->out = open_memstream(&tenant->log, &tenant->log_size);
    pthread_mutex_init(&tenant->mutex, NULL);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes,
                              ((size_t)16 << 20) + 2 * MEMORY_CAP);
    int err = tenant->out == NULL
              || pthread_create(&tenant->thread, &attributes, tenant_thread,
                                tenant)
                     != 0;
    pthread_attr_destroy(&attributes);
    return err ? -1 : 0;
}

static void
finish(struct tenant *tenant)
{
    pthread_join(tenant->thread, NULL);
    fclose(tenant->out);
    printf("%s\n%s", tenant->name, tenant->log);
    free(tenant->log);
    pthread_mutex_destroy(&tenant->mutex);
}

/* Cancel the tenant's script as soon as one runs.  The mutex keeps the
   interpreter alive meanwhile. */
static void
cancel(struct tenant *tenant)
{
    for (int cancelled = 0; !cancelled;) {
        struct timespec pause = {0, 10 * 1000 * 1000};
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&tenant->mutex);
        if (tenant->is_running && tenant->interp != NULL) {
            cancelled = PyRestrict_Cancel(tenant->interp) == 0;
        }
        pthread_mutex_unlock(&tenant->mutex);
    }
}

/* --- The server ----------------------------------------------------------------------- */

static struct tenant tenants[] = {
    {"adding up", .cpu = 60.0,
     .scripts = {"total = sum(range(1000))\nresult = f'{total}'",
                 "result = f'{total + 1}'"}},
    {"reading", .cpu = 60.0,
     .scripts = {"import csv\n"
                 "rows = list(csv.reader(open(FOLDER + '/orders.csv')))\n"
                 "result = f'{len(rows)} rows'",
                 "open('/etc/passwd')", "import subprocess"}},
    {"endless", .cpu = 60.0, .steps = 1000000,
     .scripts =
         {"x = 1\n"
          "while True:\n"
          "    try:\n"
          "        while True: x += 1\n"
          "    except BaseException: pass",
          "result = 'a new life, x is gone: ' + str('x' not in globals())"}},
    {"greedy", .cpu = 60.0,
     .scripts = {"rows = []\n"
                 "while True: rows.append([0] * 100)",
                 "result = 'alive'"}},
    {"slow", .cpu = 1e6,
     .scripts = {"while True: pass", "result = 'alive again'"}},
};
#define N_TENANTS (int)(sizeof(tenants) / sizeof(tenants[0]))
#define SLOW (N_TENANTS - 1)

int
main(int argc, char **argv)
{
    static char first[1000];
    const char *folder = argc > 1 ? argv[1] : "/";
    snprintf(first, sizeof(first), "FOLDER = '%s'", folder);
    tenants[1].folder = folder;
    memmove(tenants[1].scripts + 1, tenants[1].scripts, 4 * sizeof(char *));
    tenants[1].scripts[0] = first;

    Py_Initialize();
    PyThreadState *main_thread = PyEval_SaveThread();
    int n = 0;
    while (n < N_TENANTS && start(&tenants[n]) == 0) {
        n++;
    }
    if (n == N_TENANTS) {
        cancel(&tenants[SLOW]);
    }
    for (int i = 0; i < n; i++) {
        finish(&tenants[i]);
    }
    PyEval_RestoreThread(main_thread);
    return Py_FinalizeEx() < 0 || n < N_TENANTS;
}

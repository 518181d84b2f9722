/* The life of a restricted interpreter.

   A restricted interpreter is an ordinary isolated sub-interpreter (own GIL,
   own allocator, no threads, no fork, no exec) that was told to be restricted
   before its first object was made.  PyRestrict_NewInterpreterFromConfig()
   prepares a state and parks it for the calling thread; new_interpreter(), in
   pylifecycle.c, adopts it.  From then on `interp->restricted` is set, and
   whatever fills the interpreter -- types, modules, sys, builtins -- passes
   the surface table.  There is no importlib: the C importer stands in its
   place.  Py_EndInterpreter() ends it like any other. */

#include "Python.h"
#include "pycore_initconfig.h"  // _PyStatus_OK()
#include "pycore_interp.h"      // PyInterpreterState.restricted
#include "pycore_lock.h"        // _PyMutex_at_fork_reinit()
#include "pycore_pylifecycle.h"
#include "pycore_restrict.h"
#include "pycore_restrict_fork.h"     // _PyRestrict_UncountStaticTypes()
#include "pycore_restrict_guarded.h"  // _PyRestrict_RUNS_UNTRUSTED()
#include "pycore_restrict_run.h"      // _PyRestrict_GuestEnded()
#include "pycore_runtime.h"           // _PyRuntime

#ifdef WITH_RESTRICTED

#include <pthread.h>

/* The state that the next interpreter made by this thread adopts. */
static _Thread_local struct _restrict_state *parked;

/* One interpreter is made at a time: it writes to what all share, such as the
   flags of static types, with no other lock than the GIL it does not have. */
static PyMutex making;

static const PyInterpreterConfig isolated = {
    .use_main_obmalloc = 0,
    .allow_fork = 0,
    .allow_exec = 0,
    .allow_threads = 0,
    .allow_daemon_threads = 0,
    .check_multi_interp_extensions = 1,
    .gil = PyInterpreterConfig_OWN_GIL,
};

/* --- Making ------------------------------------------------------------------- */

/* Larger than most structs: a wild size is an error, not a long read. */
#define MAX_CONFIG 4096

static int
config_valid(const PyRestrictConfig *config)
{
    if (config == NULL) {
        return 1;
    }
    if (config->size < sizeof(config->size) || config->size > MAX_CONFIG) {
        return 0;
    }
    for (size_t i = sizeof(*config); i < config->size; i++) {
        if (((const char *)config)[i] != 0) {
            return 0;  // asks for what we do not have
        }
    }
    return 1;
}

static struct _restrict_state *
new_state(const PyRestrictConfig *given)
{
    PyRestrictConfig config = {0};
    if (given != NULL) {
        memcpy(&config, given, Py_MIN(given->size, sizeof(config)));
    }
    struct _restrict_state *state = PyMem_RawCalloc(1, sizeof(*state));
    if (state != NULL) {
        state->files.size_cap = -1;
        state->policy.filesystem_info = config.filesystem_info;
        state->policy.true_stdin = config.true_stdin;
        state->policy.true_stdout = config.true_stdout;
        state->policy.true_stderr = config.true_stderr;
    }
    return state;
}

static void
free_state(struct _restrict_state *state)
{
    _PyRestrict_PolicyFini(&state->policy);
    _PyRestrict_LogFini(&state->log);
    _PyRestrict_StreamsFini(state);
    _PyRestrict_FilesFini(&state->files);
    _PyRestrict_NetFini(state->net);
    _PyRestrict_ExtendedFini(&state->extended);
    PyMem_RawFree(state);
}

/* As Py_NewInterpreterFromConfig() does, but letting go of the caller's thread
   state first: that one attaches it twice if it fails early. */
static PyStatus
new_isolated(PyThreadState **tstate)
{
    PyThreadState *caller = _PyThreadState_GET();
    if (caller != NULL) {
        if (PySys_Audit("cpython.PyInterpreterState_New", NULL) < 0) {
            return _PyStatus_ERR("sys.audit failed");
        }
        PyEval_SaveThread();
    }
    PyStatus status = Py_NewInterpreterFromConfig(tstate, &isolated);
    if (_PyStatus_EXCEPTION(status) && caller != NULL) {
        PyEval_RestoreThread(caller);
    }
    return status;
}

/* With the lock. */
static PyStatus
make_interpreter(PyThreadState **tstate, const PyRestrictConfig *config)
{
    PyStatus status = _PyRestrict_PrepareProcess();
    if (_PyStatus_EXCEPTION(status)) {
        return status;
    }
    parked = new_state(config);
    if (parked == NULL) {
        return _PyStatus_NO_MEMORY();
    }
    status = _PyRestrict_InitAddresses(&parked->address_key) < 0
                 ? _PyStatus_ERR("the system has no random numbers")
                 : new_isolated(tstate);
    if (parked != NULL) {  // failed before it was adopted
        free_state(parked);
        parked = NULL;
    }
    return status;
}

static void
unlock_in_child(void)
{
    _PyMutex_at_fork_reinit(&making);
}

static void
survive_forks(void)
{
    pthread_atfork(NULL, NULL, unlock_in_child);
}

PyStatus
PyRestrict_NewInterpreterFromConfig(PyThreadState **tstate,
                                    const PyRestrictConfig *config)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    *tstate = NULL;
    if (!config_valid(config)) {
        return _PyStatus_ERR("PyRestrictConfig.size is not a known size");
    }
#ifndef WITH_PYMALLOC
    return _PyStatus_ERR("memory is only counted in a build with pymalloc");
#endif
    pthread_once(&once, survive_forks);
    PyMutex_Lock(&making);
    PyStatus status = make_interpreter(tstate, config);
    PyMutex_Unlock(&making);
    return status;
}

PyThreadState *
PyRestrict_NewInterpreter(void)
{
    PyThreadState *tstate;
    PyStatus status = PyRestrict_NewInterpreterFromConfig(&tstate, NULL);
    return _PyStatus_EXCEPTION(status) ? NULL : tstate;
}

/* Called by new_interpreter() before anything of interp is initialized. */
void
_PyRestrict_AdoptInterpreter(PyInterpreterState *interp)
{
    if (parked == NULL) {
        return;
    }
    _PyRestrict_PutInUse();
    interp->restricted = parked;
    interp->restricted->interp = interp;
    parked = NULL;
    interp->gc.enabled = 0;  // until InitMain: there is no garbage
    interp->config._install_importlib = 0;
    interp->config.site_import = 0;
    interp->config.import_time = 0;
    interp->config.verbose = 0;
    // As interpreter_update_config() does, which goes with importlib.
    interp->long_state.max_str_digits = interp->config.int_max_str_digits;
}

/* --- Ending ------------------------------------------------------------------- */

static void
uncount_static_types(const managed_static_type_state *used, size_t first,
                     size_t end)
{
    for (size_t i = first; i < end; i++) {
        if (used[i - first].type != NULL) {
            _Py_atomic_add_int64(
                &_PyRuntime.types.managed_static.types[i].interp_count, -1);
        }
    }
}

/* The runtime counts the interpreters that use a static type, and expects the
   main one to be the last; one that does not end never takes itself off. */
void
_PyRestrict_UncountStaticTypes(PyInterpreterState *interp)
{
    uncount_static_types(interp->types.builtins.initialized, 0,
                         _Py_MAX_MANAGED_STATIC_BUILTIN_TYPES);
    uncount_static_types(interp->types.for_extensions.initialized,
                         _Py_MAX_MANAGED_STATIC_BUILTIN_TYPES,
                         _Py_MAX_MANAGED_STATIC_TYPES);
}

/* Called by new_interpreter() when the interpreter cannot be made, as there is
   no memory.  Py_EndInterpreter() needs a whole one.  Here no guest ran, and
   nothing outside knows its objects: they go with the allocator. */
void
_PyRestrict_AbandonInterpreter(PyThreadState *tstate)
{
    PyInterpreterState *interp = tstate->interp;
    PyThreadState_Clear(tstate);
    _PyRestrict_UncountStaticTypes(interp);
    interp->types.builtins.num_initialized = 0;
    interp->types.for_extensions.num_initialized = 0;
    PyInterpreterState_Delete(interp);
}

/* Called when the interpreter's objects are gone. */
void
_PyRestrict_FiniInterpreter(PyInterpreterState *interp)
{
    if (interp->restricted != NULL) {
        _PyRestrict_FiniLimits(interp->restricted);
        _PyRestrict_GuestEnded(interp->restricted->guest);
        free_state(interp->restricted);
        interp->restricted = NULL;
    }
}

/* --- Questions ------------------------------------------------------------------ */

int
PyRestrict_IsRestricted(PyInterpreterState *interp)
{
    return interp->restricted != NULL;
}

struct _restrict_state *
_PyRestrict_StateOf(PyInterpreterState *interp)
{
    if (interp->restricted == NULL) {
        PyErr_SetString(PyExc_SystemError, "the interpreter is trusted");
    }
    return interp->restricted;
}

int
_PyRestrict_TrustedCheck(const char *function)
{
    return _PyRestrict_RUNS_UNTRUSTED() ? _PyRestrict_GuardCall(function) : 0;
}

#endif /* WITH_RESTRICTED */

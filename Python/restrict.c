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
#include "pycore_initconfig.h"    // _PyStatus_OK()
#include "pycore_interp.h"        // PyInterpreterState.restricted
#include "pycore_pylifecycle.h"
#include "pycore_restrict.h"
#include "pycore_restrict_hold.h" // _PyRestrict_Holding

#ifdef WITH_RESTRICTED

/* The state that the next interpreter made by this thread adopts. */
static _Thread_local struct _restrict_state *parked;

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

static int
config_valid(const PyRestrictConfig *config)
{
    return config == NULL
           || (config->size >= sizeof(config->size)
               && config->size <= sizeof(*config));
}

static struct _restrict_state *
new_state(const PyRestrictConfig *given)
{
    PyRestrictConfig config = {0};
    if (given != NULL) {
        memcpy(&config, given, given->size);
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
    PyMem_RawFree(state);
}

PyStatus
PyRestrict_NewInterpreterFromConfig(PyThreadState **tstate,
                                    const PyRestrictConfig *config)
{
    *tstate = NULL;
    if (!config_valid(config)) {
        return _PyStatus_ERR("PyRestrictConfig.size is not a known size");
    }
    PyStatus status = _PyRestrict_PrepareProcess();
    if (_PyStatus_EXCEPTION(status)) {
        return status;
    }
    parked = new_state(config);
    if (parked == NULL) {
        return _PyStatus_NO_MEMORY();
    }
    status = Py_NewInterpreterFromConfig(tstate, &isolated);
    if (parked != NULL) {           // failed before it was adopted
        free_state(parked);
        parked = NULL;
    }
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
    _PyRestrict_Holding = 1;
    interp->restricted = parked;
    interp->restricted->interp = interp;
    parked = NULL;
    interp->config._install_importlib = 0;
    interp->config.site_import = 0;
    interp->config.import_time = 0;
    interp->config.verbose = 0;
}

/* --- Ending ------------------------------------------------------------------- */

/* Called when the interpreter's objects are gone. */
void
_PyRestrict_FiniInterpreter(PyInterpreterState *interp)
{
    if (interp->restricted != NULL) {
        _PyRestrict_FiniLimits(interp->restricted);
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
    if (_PyRestrict_GetState() == NULL) {
        return 0;
    }
    return _PyRestrict_GuardCall(function);
}

#else  /* !WITH_RESTRICTED: the functions exist, and nothing is restricted. */

static PyStatus
not_compiled_in(void)
{
    return _PyStatus_ERR("Python was built --without-restricted");
}

static int
trusted_error(void)
{
    PyErr_SetString(PyExc_SystemError, "the interpreter is trusted");
    return -1;
}

PyStatus
PyRestrict_NewInterpreterFromConfig(PyThreadState **tstate,
                                    const PyRestrictConfig *Py_UNUSED(config))
{
    *tstate = NULL;
    return not_compiled_in();
}

PyThreadState *
PyRestrict_NewInterpreter(void)
{
    return NULL;
}

int
PyRestrict_IsRestricted(PyInterpreterState *Py_UNUSED(interp))
{
    return 0;
}

#endif  /* WITH_RESTRICTED */

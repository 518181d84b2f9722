/* Which modules a guest may import.

   By default: what the surface table reviews, the frozen library, and source
   in folders that the host named.  Beyond that the host allows built-in and
   extension modules by name, and answers for what they do.

   An extension module is a shared library, and to open one runs its code.  So
   that is done on the host's side, when the host allows the module: it is
   found on sys.path and imported there, in the current interpreter if that is
   trusted and in the main one otherwise (Lib/restrict/_extensions.py).  What is
   kept of it is its definition, and from that each guest makes a module of its
   own; no guest opens a library.  Only multi-phase modules that declare
   Py_MOD_PER_INTERPRETER_GIL_SUPPORTED have definitions to share: for another
   one the host gets an ImportError that says so. */

#include "Python.h"
#include "pycore_frame.h"         // _PyFrame_GetCode()
#include "pycore_interp.h"
#include "pycore_pystate.h"       // _PyThreadState_NewBound()
#include "pycore_restrict.h"
#include "pycore_restrict_modules.h"

#ifdef WITH_RESTRICTED

/* --- Where modules come from ---------------------------------------------------- */

const struct _frozen *
_PyRestrict_FindFrozen(const char *name)
{
    size_t lo = 0, hi = _PyRestrict_FrozenCount;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int order = strcmp(_PyRestrict_FrozenModules[mid].name, name);
        if (order == 0) {
            return &_PyRestrict_FrozenModules[mid];
        }
        if (order < 0) {
            lo = mid + 1;
        }
        else {
            hi = mid;
        }
    }
    return NULL;
}

const struct _inittab *
_PyRestrict_FindBuiltin(const char *name)
{
    for (const struct _inittab *p = PyImport_Inittab; p->name != NULL; p++) {
        if (strcmp(p->name, name) == 0 && p->initfunc != NULL) {
            return p;
        }
    }
    return NULL;
}

PyModuleDef *
_PyRestrict_FindExtension(const char *name)
{
    struct _restrict_extension *item;
    item = _PyRestrict_GetState()->policy.extensions;
    while (item != NULL && strcmp(item->name, name) != 0) {
        item = item->next;
    }
    return item != NULL ? item->def : NULL;
}

/* A list of the names of the frozen modules, for the trusted side. */
PyObject *
_PyRestrict_ListFrozen(void)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list != NULL && i < _PyRestrict_FrozenCount; i++) {
        PyObject *name = PyUnicode_FromString(
            _PyRestrict_FrozenModules[i].name);
        if (name == NULL || PyList_Append(list, name) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(name);
    }
    return list;
}

/* --- Refusing ------------------------------------------------------------------------ */

/* Built-in modules that cannot be granted, because they do not work in a guest,
   or whose grant is not to be offered, because with them a guest gets out. */
static const char *const not_offered[] = {
    "_asyncio", "_imp", "_restrict", "_restrict_guarded", "_suggestions",
    "_tracemalloc", "builtins", "faulthandler", "marshal", "sys",
};

/* Would it help to allow it?  What is not in the binary would have to be looked
   for; a refusal looks for nothing. */
static int
may_offer(const char *name)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(not_offered); i++) {
        if (strcmp(not_offered[i], name) == 0) {
            return 0;
        }
    }
    struct _restrict_policy *policy = &_PyRestrict_GetState()->policy;
    return _PyRestrict_FindBuiltin(name) != NULL
           && !_PyRestrict_NamesCover(&policy->blocked, name);
}

int
_PyRestrict_RefuseImport(const char *name)
{
    char message[256], grant[256];
    PyOS_snprintf(message, sizeof(message), "import of '%s' is not allowed",
                  name);
    PyOS_snprintf(grant, sizeof(grant), "modules = [\"%s\"]", name);
    _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_IMPORT,
        .capability = "import",
        .subject = name,
        .grant = may_offer(name) ? grant : NULL,
        .message = message,
    });
    PyObject *exc = PyErr_GetRaisedException();
    PyObject *text = PyUnicode_FromString(name);
    if (text == NULL || PyObject_SetAttr(exc, &_Py_ID(name), text) < 0) {
        PyErr_Clear();
    }
    Py_XDECREF(text);
    PyErr_SetRaisedException(exc);
    return -1;
}

/* --- Asking --------------------------------------------------------------------------- */

/* Modules that the frozen library asks for and does well without.  To it they
   do not exist; a guest that asks is refused as for any other. */
static const char *const optional[] = {
    "_hashlib", "_locale", "_suggestions", "_uuid", "_winapi", "_wmi", "grp",
    "nt", "pwd"
};

static int
is_optional(const char *name)
{
    _PyInterpreterFrame *frame = _PyThreadState_GetFrame(_PyThreadState_GET());
    const char *file = NULL;
    if (frame != NULL) {
        file = PyUnicode_AsUTF8(_PyFrame_GetCode(frame)->co_filename);
        PyErr_Clear();
    }
    if (file == NULL || strncmp(file, "<frozen ", 8) != 0) {
        return 0;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(optional); i++) {
        if (strcmp(optional[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

int
_PyRestrict_ModuleCheck(const char *name)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    if (state == NULL) {
        return 0;
    }
    if (!_PyRestrict_NamesCover(&state->policy.blocked, name)
        && (_PyRestrict_NamesCover(&state->policy.allowed, name)
            || _PyRestrict_FindFrozen(name) != NULL
            || _PyRestrict_IsReviewedModule(name)
            || _PyRestrict_HasSource(name)))
    {
        return 0;
    }
    if (is_optional(name)) {
        PyErr_Format(PyExc_ModuleNotFoundError, "No module named '%s'", name);
        return -1;
    }
    return _PyRestrict_RefuseImport(name);
}

/* --- Extension modules: on the host's side -------------------------------------------- */

static int
supports_guests(PyModuleDef *def)
{
    const PyModuleDef_Slot *slot = def != NULL ? def->m_slots : NULL;
    for (; slot != NULL && slot->slot != 0; slot++) {
        if (slot->slot == Py_mod_multiple_interpreters) {
            return slot->value == Py_MOD_PER_INTERPRETER_GIL_SUPPORTED;
        }
    }
    return 0;
}

/* Keep the definition of a module that the host imported. */
static int
keep_extension(struct _restrict_policy *policy, PyObject *name,
               PyObject *module)
{
    PyModuleDef *def = PyModule_Check(module) ? PyModule_GetDef(module) : NULL;
    if (!supports_guests(def)) {
        PyErr_Format(PyExc_ImportError,
                     "module '%U' does not support restricted interpreters: "
                     "it needs multi-phase initialization and "
                     "Py_MOD_PER_INTERPRETER_GIL_SUPPORTED", name);
        return -1;
    }
    const char *text = PyUnicode_AsUTF8(name);
    struct _restrict_extension *item = PyMem_RawCalloc(1, sizeof(*item));
    char *copy = text != NULL ? _PyMem_RawStrdup(text) : NULL;
    if (item == NULL || copy == NULL) {
        PyMem_RawFree(item);
        PyMem_RawFree(copy);
        PyErr_NoMemory();
        return -1;
    }
    *item = (struct _restrict_extension){policy->extensions, copy, def};
    policy->extensions = item;
    return 0;
}

/* In a trusted interpreter: find and import what the name stands for. */
static int
load_extensions(struct _restrict_policy *policy, const char *name)
{
    PyObject *finder = PyImport_ImportModule("restrict._extensions");
    PyObject *rows = finder != NULL
                     ? PyObject_CallMethod(finder, "load", "s", name) : NULL;
    int err = rows == NULL;
    for (Py_ssize_t i = 0; !err && i < PyList_GET_SIZE(rows); i++) {
        PyObject *row = PyList_GET_ITEM(rows, i);
        err = keep_extension(policy, PyTuple_GET_ITEM(row, 0),
                             PyTuple_GET_ITEM(row, 1)) < 0;
    }
    Py_XDECREF(finder);
    Py_XDECREF(rows);
    return err ? -1 : 0;
}

/* The text of the exception, as raw memory, and drop it. */
static char *
take_error(void)
{
    PyObject *exc = PyErr_GetRaisedException();
    PyObject *text = PyObject_Str(exc);
    const char *utf8 = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
    char *copy = _PyMem_RawStrdup(utf8 != NULL ? utf8 : "it fails to load");
    Py_XDECREF(text);
    Py_DECREF(exc);
    PyErr_Clear();
    return copy;
}

/* The same from a guest's own thread state: change to the main interpreter. */
static int
load_extensions_in_main(struct _restrict_policy *policy, const char *name)
{
    PyThreadState *guest = _PyThreadState_GET();
    PyThreadState *host = _PyThreadState_NewBound(_PyInterpreterState_Main(),
                                                  _PyThreadState_WHENCE_EXEC);
    if (host == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    PyThreadState_Swap(host);
    int err = load_extensions(policy, name);
    char *text = err < 0 ? take_error() : NULL;
    PyThreadState_Clear(host);
    PyThreadState_Swap(guest);
    PyThreadState_Delete(host);
    if (err < 0) {
        PyErr_SetString(PyExc_ImportError,
                        text != NULL ? text : "it fails to load");
        PyMem_RawFree(text);
    }
    return err;
}

static int
find_extensions(struct _restrict_policy *policy, const char *name)
{
    return _PyRestrict_GetState() == NULL
           ? load_extensions(policy, name)
           : load_extensions_in_main(policy, name);
}

/* --- Setting ------------------------------------------------------------------------------ */

/* Is there something of that name, or below it, without any search? */
static int
is_at_hand(const char *name)
{
    return _PyRestrict_FindBuiltin(name) != NULL
           || _PyRestrict_FindFrozen(name) != NULL
           || _PyRestrict_IsReviewedModule(name);
}

int
PyRestrict_AllowModule(PyInterpreterState *interp, const char *name)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL) {
        return -1;
    }
    if (!is_at_hand(name)
        && find_extensions(&state->policy, name) < 0) {
        return -1;
    }
    _PyRestrict_NamesDiscard(&state->policy.blocked, name);
    if (_PyRestrict_NamesAdd(&state->policy.allowed, name) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

int
PyRestrict_BlockModule(PyInterpreterState *interp, const char *name)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL) {
        return -1;
    }
    _PyRestrict_NamesDiscard(&state->policy.allowed, name);
    if (_PyRestrict_NamesAdd(&state->policy.blocked, name) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

#endif  /* WITH_RESTRICTED */

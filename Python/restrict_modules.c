/* Which modules a guest may import.

   By default: what the surface table reviews, the frozen library, and source
   in folders that the host named.  Beyond that the host allows built-in and
   extension modules by name, and answers for what they do.

   An extension module is a shared library, and to open one runs its code.  So
   that is done on the host's side, when the host allows the module: it is
   found on sys.path and imported there, in the current interpreter if that is
   trusted and in the main one otherwise (Lib/restrict/_extensions.py).  What
   is kept of it is its definition, and from that each guest makes a module of
   its own; no guest opens a library.  Only multi-phase modules that declare
   Py_MOD_PER_INTERPRETER_GIL_SUPPORTED have definitions to share: for another
   one the host gets an ImportError that says so. */

#include "Python.h"
#include "pycore_frame.h"  // _PyFrame_GetCode()
#include "pycore_interp.h"
#include "pycore_pystate.h"  // _PyThreadState_NewBound()
#include "pycore_restrict.h"
#include "pycore_restrict_modules.h"

#ifdef WITH_RESTRICTED

/* --- Where modules come from ---------------------------------------------------- */

const struct _frozen *
_PyRestrict_FindFrozen(const char *name)
{
    return bsearch(name, _PyRestrict_FrozenModules, _PyRestrict_FrozenCount,
                   sizeof(_PyRestrict_FrozenModules[0]),
                   _PyRestrict_CompareName);
}

static const struct _inittab *
find_builtin(const char *name)
{
    for (const struct _inittab *p = PyImport_Inittab; p->name != NULL; p++) {
        if (strcmp(p->name, name) == 0 && p->initfunc != NULL) {
            return p;
        }
    }
    return NULL;
}

/* Reviewed, or allowed by name.  Source of the host's folders that has the
   name of another one does not stand for it. */
const struct _inittab *
_PyRestrict_FindBuiltin(const char *name)
{
    struct _restrict_policy *policy = &_PyRestrict_GetState()->policy;
    return _PyRestrict_IsReviewedModule(name)
                   || _PyRestrict_NamesCover(&policy->allowed, name)
               ? find_builtin(name)
               : NULL;
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
        PyObject *name =
            PyUnicode_FromString(_PyRestrict_FrozenModules[i].name);
        if (name == NULL || PyList_Append(list, name) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(name);
    }
    return list;
}

/* --- Refusing ------------------------------------------------------------------------ */

/* Built-in modules that cannot be granted, because they do not work in a
   guest, or whose grant is not to be offered, because with them a guest gets
   out. */
static const char *const not_offered[] = {
    "_asyncio",     "_imp",         "_restrict", "_restrict_guarded",
    "_suggestions", "_tracemalloc", "builtins",  "faulthandler",
    "marshal",      "sys",
};

/* Would it help to allow it?  What is not in the binary would have to be
   looked for; a refusal looks for nothing. */
static int
may_offer(const char *name)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(not_offered); i++) {
        if (strcmp(not_offered[i], name) == 0) {
            return 0;
        }
    }
    struct _restrict_policy *policy = &_PyRestrict_GetState()->policy;
    return find_builtin(name) != NULL
           && !_PyRestrict_NamesCover(&policy->blocked, name);
}

static int
deny_import_for(const char *name, const char *grant)
{
    char message[256];
    PyOS_snprintf(message, sizeof(message),
                  "import of '%.200s' is not allowed", name);
    _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_IMPORT,
        .capability = "import",
        .subject = name,
        .grant = grant,
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

int
_PyRestrict_RefuseImport(const char *name)
{
    char grant[256];
    PyOS_snprintf(grant, sizeof(grant), "modules = [\"%.200s\"]", name);
    return deny_import_for(name, may_offer(name) ? grant : NULL);
}

/* --- Asking --------------------------------------------------------------------------- */

/* Modules that are of no use without the network, and not to be had until
   the host grants some of it, or them by name. */
static const char *const network[] = {
    "_socket", "_ssl", "select", "selectors", "socket", "ssl",
};

/* Any grant does; which one, nobody knows before there is an address. */
#define NETWORK_GRANT "addresses = [[\"ADDRESS\", 0]]"

static int
lacks_network(const struct _restrict_state *state, const char *name)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(network); i++) {
        if (strcmp(network[i], name) == 0) {
            return !_PyRestrict_HasNet(state->net)
                   && !_PyRestrict_NamesCover(&state->policy.allowed, name);
        }
    }
    return 0;
}

/* Modules that the frozen library asks for and does well without.  To the one
   that asks they do not exist; a guest that asks, or has another module ask,
   is refused as for any other. */
static const struct {
    const char *asker, *name;
} optional[] = {
    {"_colorize", "nt"},
    {"asyncio._outside", "socket"},
    {"asyncio.base_events", "ssl"},
    {"asyncio.events", "_asyncio"},
    {"asyncio.futures", "_asyncio"},
    {"asyncio.selector_events", "ssl"},
    {"asyncio.sslproto", "ssl"},
    {"asyncio.tasks", "_asyncio"},
    {"encodings", "_winapi"},
    {"hashlib", "_hashlib"},
    {"hmac", "_hashlib"},
    {"locale", "_locale"},
    {"ntpath", "_winapi"},
    {"ntpath", "nt"},
    {"os", "nt"},
    {"pathlib._local", "grp"},
    {"pathlib._local", "pwd"},
    {"platform", "_wmi"},
    {"platform", "socket"},
    {"posixpath", "pwd"},
    {"shutil", "_winapi"},
    {"shutil", "grp"},
    {"shutil", "nt"},
    {"shutil", "pwd"},
    {"tarfile", "grp"},
    {"tarfile", "pwd"},
    {"traceback", "_suggestions"},
    {"uuid", "_uuid"},
    {"warnings", "tracemalloc"},
};

/* Is the running code that of the frozen module?  Its file name says which,
   and the flag that it is no other code which only says so. */
static int
runs_frozen(const char *module)
{
    _PyInterpreterFrame *frame = _PyThreadState_GetFrame(_PyThreadState_GET());
    PyCodeObject *code = frame != NULL ? _PyFrame_GetCode(frame) : NULL;
    if (code == NULL || !(code->co_flags & _PyRestrict_CO_FROZEN)) {
        return 0;
    }
    char name[100];
    PyOS_snprintf(name, sizeof(name), "<frozen %s>", module);
    return _PyUnicode_EqualToASCIIString(code->co_filename, name);
}

static int
is_optional(const char *name)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(optional); i++) {
        if (strcmp(optional[i].name, name) == 0
            && runs_frozen(optional[i].asker))
        {
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
    int offered = !_PyRestrict_NamesCover(&state->policy.blocked, name)
                  && (_PyRestrict_NamesCover(&state->policy.allowed, name)
                      || _PyRestrict_FindFrozen(name) != NULL
                      || _PyRestrict_IsReviewedModule(name)
                      || _PyRestrict_HasSource(name));
    int no_network = offered && lacks_network(state, name);
    if (offered && !no_network) {
        return 0;
    }
    if (is_optional(name)) {
        PyErr_Format(PyExc_ModuleNotFoundError, "No module named '%s'", name);
        return -1;
    }
    if (no_network) {
        return deny_import_for(name, NETWORK_GRANT);
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
                     "Py_MOD_PER_INTERPRETER_GIL_SUPPORTED",
                     name);
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
                         ? PyObject_CallMethod(finder, "load", "s", name)
                         : NULL;
    int err = rows == NULL;
    for (Py_ssize_t i = 0; !err && i < PyList_GET_SIZE(rows); i++) {
        PyObject *row = PyList_GET_ITEM(rows, i);
        err = keep_extension(policy, PyTuple_GET_ITEM(row, 0),
                             PyTuple_GET_ITEM(row, 1))
              < 0;
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
    return find_builtin(name) != NULL || _PyRestrict_FindFrozen(name) != NULL
           || _PyRestrict_IsReviewedModule(name);
}

int
PyRestrict_AllowModule(PyInterpreterState *interp, const char *name)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL) {
        return -1;
    }
    if (!is_at_hand(name) && find_extensions(&state->policy, name) < 0) {
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

#endif /* WITH_RESTRICTED */

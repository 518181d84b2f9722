/* Guarded mode: restricted code among the live objects of a trusted program.

   Who is guarded is a property of code, not of a time span.  Code that was
   started by guarded_exec(), and every function, class, generator and so on
   that it defines, looks its builtins up in a *marked* dict.  So a frame says
   by itself whether it is guarded, whoever calls it and whenever: a finalizer
   that runs during the host's own work is guarded, and a host function that
   guarded code calls is not.  The guards in C ask about the frame on top.

   Two things make that hold.  Globals that guarded code uses are marked too,
   and a function made over marked globals gets its builtins from whoever is
   running, never from what the globals say: `__builtins__` is the guest's to
   overwrite (_PyRestrict_BuiltinsOf).  And C callables, which have no frame,
   are wrapped where guarded code leaves them for others to call later
   (restrict_guarded_carry.c).

   The marked dict itself is reachable from frames and functions only.  What
   Python code sees as `__builtins__` is a read-only view of it. */

#include "Python.h"
#include "pycore_frame.h"         // _PyThreadState_GetFrame()
#include "pycore_interp.h"        // PyInterpreterState.feature_flags
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

static void
mark(PyObject *dict)
{
_Py_COMP_DIAG_PUSH
_Py_COMP_DIAG_IGNORE_DEPR_DECLS
    ((PyDictObject *)dict)->ma_version_tag |= DICT_RESTRICT_MARK;
_Py_COMP_DIAG_POP
}

/* --- Who is running --------------------------------------------------------- */

/* A C callable that acts for guarded code pushes no frame.  While one runs,
   this says for whom, and on top of which frame: a Python function that it
   calls has a frame of its own again, and rights of its own. */
static _Thread_local struct _restrict_extent extent;

struct _restrict_extent
_PyRestrict_EnterExtent(PyObject *builtins)
{
    struct _restrict_extent saved = extent;
    extent.frame = _PyThreadState_GET()->current_frame;
    extent.builtins = builtins;
    return saved;
}

void
_PyRestrict_LeaveExtent(struct _restrict_extent saved)
{
    extent = saved;
}

static PyObject *
frame_builtins(PyThreadState *tstate)
{
    _PyInterpreterFrame *frame = _PyThreadState_GetFrame(tstate);
    return frame != NULL && _PyRestrict_IsMarked(frame->f_builtins)
           ? frame->f_builtins : NULL;
}

static int
in_extent(PyThreadState *tstate)
{
    return extent.builtins != NULL && extent.frame == tstate->current_frame;
}

PyObject *
_PyRestrict_RunningBuiltins(void)
{
    PyThreadState *tstate = _PyThreadState_GET();
    PyObject *builtins = frame_builtins(tstate);
    if (builtins == NULL && in_extent(tstate)) {
        return extent.builtins;
    }
    return builtins;
}

int
_PyRestrict_GuardedOnTop(void)
{
    return _PyRestrict_RunningBuiltins() != NULL;
}

int
_PyRestrict_OnHostFrame(void)
{
    return frame_builtins(_PyThreadState_GET()) == NULL;
}

PyObject *
_PyRestrict_CallersBuiltins(void)
{
    PyThreadState *tstate = _PyThreadState_GET();
    _PyInterpreterFrame *frame = _PyThreadState_GetFrame(tstate);
    for (; frame != NULL; frame = _PyFrame_GetFirstComplete(frame->previous)) {
        if (_PyRestrict_IsMarked(frame->f_builtins)) {
            return frame->f_builtins;
        }
    }
    return extent.builtins;
}

/* --- Refusing ----------------------------------------------------------------- */

int
_PyRestrict_GuardAttribute(const char *subject)
{
    return _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_ATTRIBUTE,
        .capability = "attribute",
        .subject = subject != NULL ? subject : "?",
    });
}

int
_PyRestrict_GuardMember(PyTypeObject *type, PyMemberDef *member)
{
    char subject[200];
    PyOS_snprintf(subject, sizeof(subject), "%s.%s", type->tp_name,
                  member->name);
    return _PyRestrict_GuardAttribute(subject);
}

int
_PyRestrict_IsHidden(PyObject *name)
{
    static const char *const hidden[] = {
        "__builtins__", "__loader__", "__spec__", "__wrapped__"
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(hidden); i++) {
        if (_PyUnicode_EqualToASCIIString(name, hidden[i])) {
            return 1;
        }
    }
    return 0;
}

int
_PyRestrict_GuardDictAttr(PyObject *name)
{
    return _PyRestrict_IsHidden(name)
           ? _PyRestrict_GuardAttribute(PyUnicode_AsUTF8(name)) : 0;
}

/* --- The state of an interpreter that uses guarded mode -------------------------- */

#define STATE_KEY "restrict.guarded"

static void
free_guarded(PyObject *capsule)
{
    struct _restrict_guarded *state = PyCapsule_GetPointer(capsule, STATE_KEY);
    _PyRestrict_LogFini(&state->log);
    Py_XDECREF(state->sealed_type);
    Py_XDECREF(state->carried_type);
    Py_XDECREF(state->proxy_type);
    Py_XDECREF(state->stop);
    PyMem_RawFree(state);
}

static int
make_types(struct _restrict_guarded *state)
{
    const struct {
        PyTypeObject **type;
        PyType_Spec *spec;
    } types[] = {
        {&state->sealed_type, &_PyRestrict_SealedSpec},
        {&state->carried_type, &_PyRestrict_CarriedSpec},
        {&state->proxy_type, &_PyRestrict_ProxySpec},
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(types); i++) {
        *types[i].type = (PyTypeObject *)PyType_FromSpec(types[i].spec);
        if (*types[i].type == NULL) {
            return -1;
        }
    }
    state->stop = PyErr_NewExceptionWithDoc(
        "restrict.Stop", "A limit ends guarded code.", PyExc_BaseException,
        NULL);
    return state->stop != NULL ? 0 : -1;
}

static struct _restrict_guarded *
new_guarded(PyObject *dict)
{
    struct _restrict_guarded *state = PyMem_RawCalloc(1, sizeof(*state));
    if (state == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    PyObject *capsule = PyCapsule_New(state, STATE_KEY, free_guarded);
    if (capsule == NULL) {
        PyMem_RawFree(state);
        return NULL;
    }
    if (make_types(state) < 0
        || PyDict_SetItemString(dict, STATE_KEY, capsule) < 0)
    {
        state = NULL;
    }
    Py_DECREF(capsule);
    return state;
}

struct _restrict_guarded *
_PyRestrict_GetGuarded(void)
{
    PyObject *dict = PyInterpreterState_GetDict(_PyInterpreterState_GET());
    PyObject *capsule;
    if (dict == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    if (PyDict_GetItemStringRef(dict, STATE_KEY, &capsule) < 0) {
        return NULL;
    }
    if (capsule == NULL) {
        return new_guarded(dict);
    }
    struct _restrict_guarded *state = PyCapsule_GetPointer(capsule, STATE_KEY);
    Py_DECREF(capsule);             // the dict keeps it
    return state;
}

/* Where refusals of this trusted interpreter are recorded.  NULL, without an
   exception, if there is no memory for it. */
struct _restrict_log *
_PyRestrict_GuardedLog(void)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    if (state == NULL) {
        PyErr_Clear();
        return NULL;
    }
    return &state->log;
}

static PyObject *
denial_as_tuple(const PyRestrictDenial *denial)
{
    return Py_BuildValue("(sssizKdd)", denial->capability, denial->subject,
                         denial->filename, denial->line, denial->grant,
                         denial->count, denial->first_time,
                         denial->last_time);
}

/* A list of tuples, in the order of the fields of PyRestrictDenial. */
PyObject *
_PyRestrict_GuardedDenials(void)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    PyObject *list = state != NULL ? PyList_New(0) : NULL;
    for (int i = 0; list != NULL && i < state->log.n_entries; i++) {
        PyObject *item = denial_as_tuple(&state->log.entries[i].public);
        if (item == NULL || PyList_Append(list, item) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(item);
    }
    return list;
}

/* --- Sealed builtins ---------------------------------------------------------- */

/* The view that Python code sees.  There is no way from it to the dict. */
typedef struct {
    PyObject_HEAD
    PyObject *dict;                 // marked
} sealed_view;

static void
sealed_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(((sealed_view *)self)->dict);
    type->tp_free(self);
    Py_DECREF(type);
}

static int
sealed_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((sealed_view *)self)->dict);
    return 0;
}

static PyObject *
view_dict(PyObject *self)
{
    return ((sealed_view *)self)->dict;
}

static Py_ssize_t
sealed_length(PyObject *self)
{
    return PyDict_GET_SIZE(view_dict(self));
}

/* Keys are exact strings: no method of the guest runs in a look-up. */
static PyObject *
sealed_subscript(PyObject *self, PyObject *key)
{
    PyObject *value = NULL;
    if (PyUnicode_CheckExact(key)
        && PyDict_GetItemRef(view_dict(self), key, &value) < 0)
    {
        return NULL;
    }
    if (value == NULL) {
        PyErr_SetObject(PyExc_KeyError, key);
    }
    return value;
}

static int
sealed_contains(PyObject *self, PyObject *key)
{
    return PyUnicode_CheckExact(key) && PyDict_Contains(view_dict(self), key);
}

/* `__builtins__` may be a module, so code reads attributes of it. */
static PyObject *
sealed_getattro(PyObject *self, PyObject *name)
{
    PyObject *value = PyObject_GenericGetAttr(self, name);
    if (value == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)
        && sealed_contains(self, name))
    {
        PyErr_Clear();
        return sealed_subscript(self, name);
    }
    return value;
}

static PyObject *
sealed_iter(PyObject *self)
{
    PyObject *keys = PyDict_Keys(view_dict(self));
    PyObject *iter = keys != NULL ? PyObject_GetIter(keys) : NULL;
    Py_XDECREF(keys);
    return iter;
}

static PyObject *
sealed_repr(PyObject *Py_UNUSED(self))
{
    return PyUnicode_FromString("<sealed builtins>");
}

static PyObject *
sealed_keys(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyDict_Keys(view_dict(self));
}

static PyObject *
sealed_values(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyDict_Values(view_dict(self));
}

static PyObject *
sealed_items(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyDict_Items(view_dict(self));
}

static PyObject *
sealed_get(PyObject *self, PyObject *args)
{
    PyObject *key, *otherwise = Py_None;
    if (!PyArg_ParseTuple(args, "O|O:get", &key, &otherwise)) {
        return NULL;
    }
    return sealed_contains(self, key) ? sealed_subscript(self, key)
                                      : Py_NewRef(otherwise);
}

static PyMethodDef sealed_methods[] = {
    {"keys", sealed_keys, METH_NOARGS, "A list of the names."},
    {"values", sealed_values, METH_NOARGS, "A list of the objects."},
    {"items", sealed_items, METH_NOARGS, "A list of (name, object)."},
    {"get", sealed_get, METH_VARARGS, "The object of this name, or a default."},
    {NULL, NULL}
};

static PyType_Slot sealed_slots[] = {
    {Py_tp_doc, "The builtins of guarded code, to read."},
    {Py_tp_dealloc, sealed_dealloc},
    {Py_tp_traverse, sealed_traverse},
    {Py_tp_getattro, sealed_getattro},
    {Py_tp_iter, sealed_iter},
    {Py_tp_repr, sealed_repr},
    {Py_tp_methods, sealed_methods},
    {Py_mp_length, sealed_length},
    {Py_mp_subscript, sealed_subscript},
    {Py_sq_contains, sealed_contains},
    {0, NULL}
};

PyType_Spec _PyRestrict_SealedSpec = {
    .name = "restrict.SealedBuiltins",
    .basicsize = sizeof(sealed_view),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_MAPPING
             | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = sealed_slots,
};

/* The class is made in each interpreter; its deallocator is one. */
static int
is_view(PyObject *obj)
{
    return Py_TYPE(obj)->tp_dealloc == sealed_dealloc;
}

static PyObject *
new_view(PyObject *dict)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    PyObject *view = state != NULL
                     ? state->sealed_type->tp_alloc(state->sealed_type, 0)
                     : NULL;
    if (view != NULL) {
        ((sealed_view *)view)->dict = Py_NewRef(dict);
    }
    return view;
}

/* Functions that look at the current frame, or read attributes by name, act
   for guarded code even when the host calls them. */
static int
must_carry(const char *name, PyObject *value)
{
    static const char *const names[] = {
        "delattr", "dir", "eval", "exec", "getattr", "globals", "hasattr",
        "locals", "setattr", "vars"
    };
    for (size_t i = 0; PyCFunction_Check(value)
                       && i < Py_ARRAY_LENGTH(names); i++)
    {
        if (strcmp(name, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static int
seal_item(PyObject *sealed, PyObject *key, PyObject *value)
{
    if (!PyUnicode_CheckExact(key)) {
        PyErr_Format(PyExc_TypeError,
                     "builtins must have names as keys, not '%.100s'",
                     Py_TYPE(key)->tp_name);
        return -1;
    }
    const char *name = PyUnicode_AsUTF8(key);
    if (name == NULL || !must_carry(name, value)) {
        return name != NULL ? 0 : -1;
    }
    PyObject *carried = _PyRestrict_CarryFor(value, sealed);
    int err = carried != NULL ? PyDict_SetItem(sealed, key, carried) : -1;
    Py_XDECREF(carried);
    return err;
}

/* Replacing a value does not disturb the iteration. */
static int
seal_items(PyObject *sealed)
{
    PyObject *key, *value;
    Py_ssize_t pos = 0;
    while (PyDict_Next(sealed, &pos, &key, &value)) {
        if (seal_item(sealed, key, value) < 0) {
            return -1;
        }
    }
    return 0;
}

/* A view of a marked copy of the mapping; of itself, if it is a view. */
PyObject *
_PyRestrict_Seal(PyObject *builtins)
{
    if (is_view(builtins)) {
        return Py_NewRef(builtins);
    }
    if (!PyMapping_Check(builtins) || PyType_Check(builtins)
        || PyUnicode_Check(builtins))
    {
        PyErr_Format(PyExc_TypeError,
                     "builtins must be a mapping of names, not '%.100s'",
                     Py_TYPE(builtins)->tp_name);
        return NULL;
    }
    PyObject *view = NULL;
    PyObject *sealed = PyDict_New();
    if (sealed != NULL && PyDict_Update(sealed, builtins) == 0
        && seal_items(sealed) == 0)
    {
        mark(sealed);
        _PyInterpreterState_GET()->feature_flags |= _PyRestrict_GUARDED_USED;
        view = new_view(sealed);
    }
    Py_XDECREF(sealed);
    return view;
}

/* --- Globals and their builtins --------------------------------------------------- */

static int
set_view(PyObject *globals, PyObject *view)
{
    if (PyDict_SetItemString(globals, "__builtins__", view) < 0) {
        return -1;
    }
    mark(globals);
    return 0;
}

static int
refuse_globals(void)
{
    return _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_CALL,
        .capability = "call",
        .subject = "exec",
        .message = "these globals belong to guarded code, "
                   "and have lost their builtins",
    });
}

/* exec() and eval(), before they run code over globals. */
int
_PyRestrict_ExecGlobals(PyObject *globals)
{
    PyObject *builtins = _PyRestrict_RunningBuiltins();
    if (builtins == NULL) {
        // A host that runs code over a guest's globals.
        return _PyRestrict_IsMarked(globals)
               && _PyRestrict_BuiltinsOf(globals) == NULL ? -1 : 0;
    }
    if (_PyRestrict_OnHostFrame() && globals == PyEval_GetGlobals()) {
        return _PyRestrict_GuardCall("exec");
    }
    PyObject *view = new_view(builtins);
    int err = view != NULL ? set_view(globals, view) : -1;
    Py_XDECREF(view);
    return err;
}

/* The builtins for code over marked globals, borrowed: those of the guarded
   code that runs, or, if the host does, those that the globals were given --
   and if the guest removed them, none. */
PyObject *
_PyRestrict_BuiltinsOf(PyObject *globals)
{
    PyObject *running = _PyRestrict_RunningBuiltins();
    if (running != NULL) {
        return running;
    }
    PyObject *view = PyDict_GetItemWithError(globals,
                                             &_Py_ID(__builtins__));
    if (view == NULL || !is_view(view)) {
        refuse_globals();
        return NULL;
    }
    return view_dict(view);
}

/* Globals not marked yet, into which a view was copied. */
PyObject *
_PyRestrict_Unseal(PyObject *globals, PyObject *builtins)
{
    if (!is_view(builtins)) {
        return builtins;
    }
    mark(globals);
    return _PyRestrict_BuiltinsOf(globals);
}

/* --- guarded_exec ------------------------------------------------------------------ */

static int
check_arguments(PyObject *code, PyObject *globals, PyObject *locals)
{
    if (!PyUnicode_Check(code) && !PyCode_Check(code)) {
        PyErr_Format(PyExc_TypeError,
                     "code must be a string or a code object, not '%.100s'",
                     Py_TYPE(code)->tp_name);
        return -1;
    }
    if (PyCode_Check(code) && PyCode_GetNumFree((PyCodeObject *)code) > 0) {
        PyErr_SetString(PyExc_TypeError,
                        "code must not have free variables");
        return -1;
    }
    if (!PyDict_CheckExact(globals)) {
        PyErr_Format(PyExc_TypeError, "globals must be a dict, not '%.100s'",
                     Py_TYPE(globals)->tp_name);
        return -1;
    }
    if (!PyMapping_Check(locals)) {
        PyErr_Format(PyExc_TypeError,
                     "locals must be a mapping, not '%.100s'",
                     Py_TYPE(locals)->tp_name);
        return -1;
    }
    return 0;
}

/* Code that runs over the host's own globals could define nothing that the
   host's functions do not see. */
static int
check_own_globals(PyObject *globals)
{
    _PyInterpreterFrame *frame =
        _PyThreadState_GetFrame(_PyThreadState_GET());
    for (; frame != NULL; frame = _PyFrame_GetFirstComplete(frame->previous)) {
        if (frame->f_globals == globals
            && !_PyRestrict_IsMarked(frame->f_builtins))
        {
            PyErr_SetString(PyExc_ValueError,
                            "guarded code needs globals of its own, "
                            "not those of code that is running");
            return -1;
        }
    }
    return 0;
}

static PyObject *
as_code(PyObject *code)
{
    if (PyCode_Check(code)) {
        return Py_NewRef(code);
    }
    Py_ssize_t size;
    const char *source = PyUnicode_AsUTF8AndSize(code, &size);
    if (source == NULL) {
        return NULL;
    }
    if (strlen(source) != (size_t)size) {
        PyErr_SetString(PyExc_SyntaxError,
                        "source code cannot contain null characters");
        return NULL;
    }
    PyCompilerFlags flags = _PyCompilerFlags_INIT;
    flags.cf_flags = PyCF_SOURCE_IS_UTF8 | PyCF_IGNORE_COOKIE;
    return Py_CompileStringFlags(source, "<guarded>", Py_file_input, &flags);
}

PyObject *
PyRestrict_GuardedExec(PyObject *code, PyObject *globals, PyObject *locals,
                       PyObject *builtins)
{
    _PyRestrict_GUARD_CALL("guarded_exec", NULL);
    if (check_arguments(code, globals, locals) < 0
        || check_own_globals(globals) < 0)
    {
        return NULL;
    }
    PyObject *result = NULL;
    PyObject *compiled = as_code(code);
    PyObject *view = compiled != NULL ? _PyRestrict_Seal(builtins) : NULL;
    if (view != NULL && set_view(globals, view) == 0) {
        result = PyEval_EvalCode(compiled, globals, locals);
    }
    Py_XDECREF(view);
    Py_XDECREF(compiled);
    if (result != NULL) {
        Py_SETREF(result, Py_NewRef(Py_None));
    }
    return result;
}

#endif  /* WITH_RESTRICTED */

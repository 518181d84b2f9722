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
#include "pycore_frame.h"   // _PyThreadState_GetFrame()
#include "pycore_interp.h"  // PyInterpreterState.feature_flags
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

void
_PyRestrict_Mark(PyObject *dict)
{
    _Py_COMP_DIAG_PUSH
    _Py_COMP_DIAG_IGNORE_DEPR_DECLS((PyDictObject *)dict)
    ->ma_version_tag |= DICT_RESTRICT_MARK;
    _Py_COMP_DIAG_POP
}

/* --- Who is running --------------------------------------------------------- */

/* A C callable that acts for guarded code pushes no frame.  While one runs,
   this says for whom, and on top of which frame: a Python function that it
   calls has a frame of its own again, and rights of its own.  Without builtins
   it is C code of the host's, on top of a frame of the guest's. */
static _Thread_local struct _restrict_extent extent;

struct _restrict_extent
_PyRestrict_EnterExtent(PyObject *builtins)
{
    struct _restrict_extent saved = extent;
    extent.active = 1;
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
               ? frame->f_builtins
               : NULL;
}

PyObject *
_PyRestrict_RunningBuiltins(void)
{
    PyThreadState *tstate = _PyThreadState_GET();
    return extent.active && extent.frame == tstate->current_frame
               ? extent.builtins
               : frame_builtins(tstate);
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

static int
holds(PyObject *names, const char *name)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++) {
        if (_PyUnicode_EqualToASCIIString(PyTuple_GET_ITEM(names, i), name)) {
            return 1;
        }
    }
    return 0;
}

static int
names(PyCodeObject *code, const char *name)
{
    return holds(code->co_names, name)
           || holds(code->co_localsplusnames, name);
}

/* Is it the host who calls what is called by this name?  A function that calls
   what guarded code gave it does not name it.  While no guarded code waits
   below, taking it from an object -- `type(f)(...)` -- is the same. */
int
_PyRestrict_HostNames(const char *name)
{
    _PyInterpreterFrame *frame = _PyThreadState_GetFrame(_PyThreadState_GET());
    if (frame == NULL || _PyRestrict_GuardedOnTop()) {
        return frame == NULL;
    }
    PyCodeObject *code = _PyFrame_GetCode(frame);
    return names(code, name)
           || (_PyRestrict_CallersBuiltins() == NULL
               && (names(code, "type") || names(code, "__class__")));
}

/* An extent for guarded code that is anywhere below. */
struct _restrict_extent
_PyRestrict_EnterCallers(void)
{
    return _PyRestrict_EnterExtent(_PyRestrict_CallersBuiltins());
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

/* Guarded code, or a function of the host's that calls what it was given. */
int
_PyRestrict_GuardAgain(const char *subject, const char *name)
{
    return _PyRestrict_CallersBuiltins() == NULL || _PyRestrict_HostNames(name)
               ? 0
               : _PyRestrict_GuardCall(subject);
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
        "__builtins__",
        "__loader__",
        "__spec__",
        "__wrapped__",
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(hidden); i++) {
        if (_PyUnicode_EqualToASCIIString(name, hidden[i])) {
            return 1;
        }
    }
    return 0;
}

/* Takes the reference to the value, and returns it or NULL. */
PyObject *
_PyRestrict_GuardDictAttr(PyTypeObject *type, PyObject *name, PyObject *value,
                          int suppress)
{
    int has_hidden = type->tp_getattro == PyModule_Type.tp_getattro
                     || (type->tp_call != NULL && type->tp_dictoffset > 0);
    if (value == NULL || !has_hidden || !_PyRestrict_RunsGuarded()
        || !_PyRestrict_IsHidden(name)
        || _PyRestrict_GuardAttribute(PyUnicode_AsUTF8(name)) == 0)
    {
        return value;
    }
    if (suppress) {
        PyErr_Clear();
    }
    Py_DECREF(value);
    return NULL;
}

int
_PyRestrict_DenyImport(PyObject *name)
{
    const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
    PyErr_Clear();
    return _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_IMPORT,
        .capability = "import",
        .subject = text != NULL ? text : "?",
    });
}

/* C code that does its work in Python, for a guest as for anybody: the name is
   its own, and the guest does not get the module. */
int
_PyRestrict_IsHelper(PyObject *name)
{
    static const char *const names[] = {
        "_pylong", "_strptime", "collections.abc",
        "copyreg", "reprlib",   "typing",
    };
    for (size_t i = 0; PyUnicode_Check(name) && i < Py_ARRAY_LENGTH(names);
         i++)
    {
        if (_PyUnicode_EqualToASCIIString(name, names[i])) {
            return 1;
        }
    }
    return 0;
}

PyObject *
_PyRestrict_ImportHelper(PyObject *name)
{
    struct _restrict_extent saved = _PyRestrict_EnterExtent(NULL);
    PyObject *top = PyImport_ImportModuleLevelObject(name, NULL, NULL, NULL,
                                                     0);
    PyObject *module = top != NULL ? PyImport_GetModule(name) : NULL;
    _PyRestrict_LeaveExtent(saved);
    Py_XDECREF(top);
    return module;
}

/* --- Globals and their builtins --------------------------------------------------- */

static int
set_view(PyObject *globals, PyObject *view)
{
    PyObject *key = &_Py_ID(__builtins__);
    if (_PyRestrict_IsMarked(globals)
        && PyDict_GetItemWithError(globals, key) == view)
    {
        return 0;  // as the last call left it
    }
    if (PyErr_Occurred() || PyDict_SetItem(globals, key, view) < 0) {
        return -1;
    }
    _PyRestrict_Mark(globals);
    return 0;
}

/* A flag of code that upstream leaves free: guarded code compiled it. */
#define CO_GUARDED 0x40000000

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

int
_PyRestrict_CheckGuestCode(PyObject *code, PyObject *globals)
{
    if (!PyCode_Check(code) || !(((PyCodeObject *)code)->co_flags & CO_GUARDED)
        || _PyRestrict_IsMarked(globals))
    {
        return 0;
    }
    return _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_CALL,
        .capability = "call",
        .subject = "exec",
        .message = "guarded code compiled this; "
                   "it runs over globals of guarded code only",
    });
}

/* A host that runs code: not a guest's over globals of its own, and over a
   guest's globals only with the builtins that they were given. */
static int
check_host_exec(PyObject *source, PyObject *globals)
{
    if (_PyRestrict_IsMarked(globals)) {
        return _PyRestrict_BuiltinsOf(globals) == NULL ? -1 : 0;
    }
    return _PyRestrict_CheckGuestCode(source, globals);
}

/* exec() and eval(), before they run code over globals. */
int
_PyRestrict_ExecGlobals(PyObject *source, PyObject *globals)
{
    PyObject *builtins = _PyRestrict_RunningBuiltins();
    if (builtins == NULL) {
        return check_host_exec(source, globals);
    }
    if (_PyRestrict_OnHostFrame() && globals == PyEval_GetGlobals()) {
        return _PyRestrict_GuardCall("exec");
    }
    PyObject *view = _PyRestrict_NewView(builtins);
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
    PyObject *view = PyDict_GetItemWithError(globals, &_Py_ID(__builtins__));
    if (view == NULL || !_PyRestrict_IsView(view)) {
        refuse_globals();
        return NULL;
    }
    return _PyRestrict_ViewDict(view);
}

/* Globals not marked yet, into which a view was copied. */
PyObject *
_PyRestrict_Unseal(PyObject *globals, PyObject *builtins)
{
    if (!_PyRestrict_IsView(builtins)) {
        return builtins;
    }
    _PyRestrict_Mark(globals);
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
        PyErr_SetString(PyExc_TypeError, "code must not have free variables");
        return -1;
    }
    if (!PyDict_CheckExact(globals)) {
        PyErr_Format(PyExc_TypeError, "globals must be a dict, not '%.100s'",
                     Py_TYPE(globals)->tp_name);
        return -1;
    }
    if (!PyMapping_Check(locals)) {
        PyErr_Format(PyExc_TypeError, "locals must be a mapping, not '%.100s'",
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
    _PyInterpreterFrame *frame = _PyThreadState_GetFrame(_PyThreadState_GET());
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

PyObject *
_PyRestrict_GuardedCompile(PyObject *text, int start)
{
    Py_ssize_t size;
    const char *source = PyUnicode_AsUTF8AndSize(text, &size);
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
    PyObject *code = Py_CompileStringFlags(source, "<guarded>", start, &flags);
    if (code != NULL) {
        ((PyCodeObject *)code)->co_flags |= CO_GUARDED;
    }
    return code;
}

PyObject *
_PyRestrict_GuardedRun(PyObject *code, PyObject *globals, PyObject *locals,
                       PyObject *builtins)
{
    _PyRestrict_GUARD_CALL("guarded_exec", NULL);
    if (check_arguments(code, globals, locals) < 0
        || check_own_globals(globals) < 0)
    {
        return NULL;
    }
    PyObject *result = NULL;
    PyObject *compiled = PyCode_Check(code)
                             ? Py_NewRef(code)
                             : _PyRestrict_GuardedCompile(code, Py_file_input);
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

PyObject *
PyRestrict_GuardedExec(PyObject *code, PyObject *globals, PyObject *locals,
                       PyObject *builtins)
{
    PyObject *result = _PyRestrict_GuardedRun(code, globals, locals, builtins);
    _PyRestrict_GuardedTell();
    return result;
}

#endif /* WITH_RESTRICTED */

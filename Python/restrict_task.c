/* What a host asks of a guest, carried out in the guest.

   A task arrives as copied values (restrict_copy.c), runs on the guest's stack
   with its thread state, and leaves copied values behind: a result, or what
   there is to say of an exception.  No object crosses. */

#include "Python.h"
#include "pycore_ast.h"      // mod_ty
#include "pycore_compile.h"  // _PyAST_Compile()
#include "pycore_object.h"
#include "pycore_parser.h"   // _PyParser_ASTFromString()
#include "pycore_pyarena.h"  // _PyArena_New()
#include "pycore_restrict.h"
#include "pycore_restrict_limits.h"
#include "pycore_restrict_run.h"

#ifdef WITH_RESTRICTED

/* --- Tasks, in the guest -------------------------------------------------------------------- */

static PyObject *
main_dict(void)
{
    PyObject *module = PyImport_AddModuleRef("__main__");
    if (module == NULL) {
        return NULL;
    }
    PyObject *dict = Py_XNewRef(PyModule_GetDict(module));
    Py_DECREF(module);
    return dict;
}

static mod_ty
parse(PyObject *source, PyObject *filename, int start, PyCompilerFlags *flags,
      PyArena *arena)
{
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(source, &size);
    if (text == NULL) {
        return NULL;
    }
    if (strlen(text) != (size_t)size) {
        PyErr_SetString(PyExc_SyntaxError,
                        "source code string cannot contain null bytes");
        return NULL;
    }
    return _PyParser_ASTFromString(text, filename, start, flags, arena);
}

static PyObject *
run_tree(mod_ty tree, PyObject *filename, PyObject *dict,
         PyCompilerFlags *flags, PyArena *arena)
{
    PyObject *code = (PyObject *)_PyAST_Compile(tree, filename, flags, -1,
                                                arena);
    if (code == NULL) {
        return NULL;
    }
    PyObject *value = PyEval_EvalCode(code, dict, dict);
    Py_DECREF(code);
    return value;
}

/* Cut the expression off that a module ends with. */
static mod_ty
split_last_expression(mod_ty module, PyArena *arena)
{
    asdl_stmt_seq *body = module->v.Module.body;
    Py_ssize_t n = asdl_seq_LEN(body);
    if (n == 0) {
        return NULL;
    }
    stmt_ty last = asdl_seq_GET(body, n - 1);
    if (last->kind != Expr_kind) {
        return NULL;
    }
    body->size--;
    return _PyAST_Expression(last->v.Expr.value, arena);
}

static PyObject *
run_source(PyObject *source, PyObject *filename, int start, int want_value)
{
    PyCompilerFlags flags = _PyCompilerFlags_INIT;
    flags.cf_flags = PyCF_SOURCE_IS_UTF8 | PyCF_IGNORE_COOKIE;
    PyObject *value = NULL, *dict = main_dict();
    PyArena *arena = dict ? _PyArena_New() : NULL;
    if (arena == NULL || _PyRestrict_KeepSource(filename, source) < 0) {
        if (arena != NULL) {
            _PyArena_Free(arena);
        }
        Py_XDECREF(dict);
        return NULL;
    }
    mod_ty tree = parse(source, filename, start, &flags, arena);
    if (tree != NULL) {
        mod_ty last = want_value && start == Py_file_input
                          ? split_last_expression(tree, arena)
                          : NULL;
        if (last != NULL || !PyErr_Occurred()) {
            value = run_tree(tree, filename, dict, &flags, arena);
        }
        if (value != NULL && last != NULL) {
            Py_SETREF(value, run_tree(last, filename, dict, &flags, arena));
        }
    }
    _PyArena_Free(arena);
    Py_DECREF(dict);
    return value;
}

static PyObject *
task_run(PyObject *request)
{
    PyObject *source = PyTuple_GET_ITEM(request, 0);
    PyObject *filename = PyTuple_GET_ITEM(request, 1);
    PyObject *inputs = PyTuple_GET_ITEM(request, 2);
    PyObject *dict = main_dict();
    int err = dict == NULL || PyDict_Update(dict, inputs) < 0;
    Py_XDECREF(dict);
    return err ? NULL : run_source(source, filename, Py_file_input, 1);
}

static PyObject *
task_call(PyObject *request)
{
    PyObject *name = PyTuple_GET_ITEM(request, 0);
    PyObject *dict = main_dict(), *function = NULL;
    if (dict == NULL) {
        return NULL;
    }
    if (PyDict_GetItemRef(dict, name, &function) == 0) {
        PyErr_Format(PyExc_NameError, "name %R is not defined", name);
    }
    Py_DECREF(dict);
    if (function == NULL) {
        return NULL;
    }
    PyObject *value = PyObject_Call(function, PyTuple_GET_ITEM(request, 1),
                                    PyTuple_GET_ITEM(request, 2));
    Py_DECREF(function);
    return value;
}

/* --- Defining names ------------------------------------------------------------------------------ */

/* The dict in which to define: of __main__ if name is None, or of the module
   of that name, which is made if need be. */
static PyObject *
dict_of(PyObject *name)
{
    if (name == Py_None) {
        return main_dict();
    }
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *module = PyImport_GetModule(name);
    if (module == NULL && !PyErr_Occurred()) {
        module = PyModule_NewObject(name);
        if (module != NULL && PyObject_SetItem(modules, name, module) < 0) {
            Py_CLEAR(module);
        }
    }
    if (module == NULL) {
        return NULL;
    }
    PyObject *dict = Py_XNewRef(PyModule_GetDict(module));
    Py_DECREF(module);
    return dict;
}

/* One row: (name, index of the host function or -1, doc, value). */
static int
define_one(struct _restrict_guest *guest, PyObject *module, PyObject *dict,
           PyObject *row)
{
    PyObject *name, *value;
    int index;
    const char *doc;
    if (!PyArg_ParseTuple(row, "UisO", &name, &index, &doc, &value)) {
        return -1;
    }
    PyObject *object = index < 0 ? Py_NewRef(value)
                                 : _PyRestrict_NewHostFunction(
                                       guest, index, PyUnicode_AsUTF8(name),
                                       doc, module == Py_None ? NULL : module);
    if (object == NULL) {
        return -1;
    }
    int err = PyDict_SetItem(dict, name, object);
    Py_DECREF(object);
    return err;
}

/* Request: (module name or None, rows). */
static PyObject *
task_define(struct _restrict_guest *guest, PyObject *request)
{
    PyObject *module = PyTuple_GET_ITEM(request, 0);
    PyObject *rows = PyTuple_GET_ITEM(request, 1);
    PyObject *dict = dict_of(module);
    int err = dict == NULL;
    for (Py_ssize_t i = 0; !err && i < PyTuple_GET_SIZE(rows); i++) {
        err = define_one(guest, module, dict, PyTuple_GET_ITEM(rows, i)) < 0;
    }
    Py_XDECREF(dict);
    return err ? NULL : Py_NewRef(Py_None);
}

/* --- All of them ---------------------------------------------------------- */

static PyObject *
carry_out(struct _restrict_guest *guest, _PyRestrict_Task task,
          PyObject *request)
{
    switch (task) {
    case _PyRestrict_TASK_EXEC:
        return run_source(PyTuple_GET_ITEM(request, 0),
                          PyTuple_GET_ITEM(request, 1), Py_file_input, 0);
    case _PyRestrict_TASK_EVAL:
        return run_source(PyTuple_GET_ITEM(request, 0),
                          PyTuple_GET_ITEM(request, 1), Py_eval_input, 1);
    case _PyRestrict_TASK_RUN:
        return task_run(request);
    case _PyRestrict_TASK_CALL:
        return task_call(request);
    case _PyRestrict_TASK_LEAVE:
        _PyRestrict_LeaveProgram(guest->interp);
        return Py_NewRef(Py_None);
    case _PyRestrict_TASK_FLUSH:
        _PyRestrict_FlushFiles(guest->interp);
        return Py_NewRef(Py_None);
    default:
        return task_define(guest, request);
    }
}

/* --- The answer ------------------------------------------------------------------------------ */

static void
reset(struct _restrict_copy *copy)
{
    PyInterpreterState *guest = copy->guest;
    _PyRestrict_CopyFini(copy);
    _PyRestrict_CopyInit(copy, guest);
}

/* Steals text, which is NULL if there was no memory for it. */
static void
answer_text(struct _restrict_call *call, _PyRestrict_Outcome outcome,
            PyObject *text)
{
    reset(&call->answer);
    call->outcome = outcome;
    if (text == NULL || _PyRestrict_CopyPut(&call->answer, text, "text") < 0) {
        PyErr_Clear();
        reset(&call->answer);
        call->outcome = _PyRestrict_LOST;
    }
    Py_XDECREF(text);
}

/* Describe the exception that is set, and drop it. */
static void
answer_exception(struct _restrict_call *call)
{
    PyObject *exc = PyErr_GetRaisedException();
    int no_memory = exc != NULL
                    && Py_IS_TYPE(exc, (PyTypeObject *)PyExc_MemoryError);
    PyObject *text = exc ? _PyRestrict_DescribeException(exc) : NULL;
    Py_XDECREF(exc);
    answer_text(call, no_memory ? _PyRestrict_NO_MEMORY : _PyRestrict_FAILED,
                text);
}

/* The value has a type that does not cross; say where. */
static void
answer_uncopyable(struct _restrict_call *call)
{
    PyObject *exc = PyErr_GetRaisedException();
    PyObject *text = PyObject_Str(exc);
    Py_DECREF(exc);
    answer_text(call, _PyRestrict_UNCOPYABLE, text);
}

static void
answer_value(struct _restrict_call *call, PyObject *value)
{
    call->outcome = _PyRestrict_DONE;
    const char *root = call->task == _PyRestrict_TASK_CALL ? "result"
                                                           : "value";
    if (_PyRestrict_CopyPut(&call->answer, value, root) == 0) {
        return;
    }
    if (PyErr_ExceptionMatches(PyExc_TypeError)) {
        answer_uncopyable(call);
    }
    else {
        answer_exception(call);
    }
}

static PyObject *
get_request(struct _restrict_call *call)
{
    PyObject *request = PyTuple_New(call->n_values);
    for (Py_ssize_t i = 0; request != NULL && i < call->n_values; i++) {
        PyObject *value = _PyRestrict_CopyGet(&call->request);
        if (value == NULL) {
            Py_CLEAR(request);
            break;
        }
        PyTuple_SET_ITEM(request, i, value);
    }
    _PyRestrict_CopyEnd(&call->request);
    return request;
}

void
_PyRestrict_CarryOut(struct _restrict_guest *guest, void *arg)
{
    struct _restrict_call *call = arg;
    PyObject *value = NULL;
    _PyRestrict_ResumeCPU(guest->interp);
    PyObject *request = get_request(call);
    if (request != NULL) {
        value = carry_out(guest, call->task, request);
        Py_DECREF(request);
    }
    if (value == NULL) {
        answer_exception(call);
    }
    else {
        answer_value(call,
                     call->task == _PyRestrict_TASK_EXEC ? Py_None : value);
        Py_DECREF(value);
    }
    PyErr_Clear();
    _PyRestrict_PauseCPU(guest->interp);
}

#endif /* WITH_RESTRICTED */

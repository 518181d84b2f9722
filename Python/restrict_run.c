/* Entering and leaving a guest.

   The guest runs on the thread of whoever calls it, so that a host function
   which it calls has the caller's thread, locks and context variables.  What
   the guest does not share is the stack: untrusted code can nest C calls as
   deep as its memory allows (dropping a long chain of iterators, hashing
   nested tuples), and the end of a stack is the end of the process.  Each
   guest has a stack of its own, large enough for all that its memory cap
   lets it build, reserved once and touched as it is used.

   Entering: the caller's thread state is detached (its GIL is free for other
   threads), the stack is switched, the guest's thread state is attached.
   Leaving is the reverse.  A guest that calls a host function stays on its
   stack, and only the thread states change places; so a call takes well
   under a microsecond.  That host function may use the guest again.

   The guest has one thread state, kept between uses, so that its context
   variables stay.  It is told which thread it is on when it is entered. */

#include "Python.h"
#include "pycore_ast.h"           // mod_ty
#include "pycore_compile.h"       // _PyAST_Compile()
#include "pycore_dict.h"
#include "pycore_object.h"
#include "pycore_parser.h"        // _PyParser_ASTFromString()
#include "pycore_pyarena.h"       // _PyArena_New()
#include "pycore_restrict.h"
#include "pycore_restrict_limits.h"
#include "pycore_restrict_run.h"

#ifdef WITH_RESTRICTED

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#  include <sanitizer/common_interface_defs.h>
#endif

/* --- The stack -------------------------------------------------------------------- */

/* No C function moves the stack pointer by more than the guard at once. */
#define GUARD_SIZE ((size_t)1 << 20)
#define STACK_BASE ((size_t)16 << 20)
/* What a host function may count on. */
#define HOST_STACK ((size_t)2 << 20)

/* The deepest C recursion per byte of memory that was found takes 1.4 bytes
   of stack.  Without a cap, the machine's memory is one. */
static size_t
stack_size_for(size_t memory)
{
    if (memory == 0) {
        memory = (size_t)sysconf(_SC_PHYS_PAGES)
                 * (size_t)sysconf(_SC_PAGESIZE);
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = GUARD_SIZE + STACK_BASE + 2 * memory;
    return (size + page - 1) / page * page;
}

int
_PyRestrict_GuestStack(struct _restrict_guest *guest, size_t memory)
{
    size_t size = stack_size_for(memory);
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
                       | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED || mprotect(stack, GUARD_SIZE, PROT_NONE) < 0) {
        PyErr_Format(PyExc_MemoryError,
                     "cannot reserve %zu MiB of address space for the stack "
                     "of a guest", size >> 20);
        if (stack != MAP_FAILED) {
            munmap(stack, size);
        }
        return -1;
    }
    guest->stack = stack;
    guest->stack_size = size;
    return 0;
}

static void
free_stack(struct _restrict_guest *guest)
{
    if (guest->stack != NULL) {
        munmap(guest->stack, guest->stack_size);
        guest->stack = NULL;
    }
}

/* --- Switching to it ---------------------------------------------------------------- */

struct visit {
    struct _restrict_guest *guest;
    void (*body)(struct _restrict_guest *guest, void *arg);
    void *arg;
    ucontext_t outside, inside;
    void *fake_stack;                   // the rest is address sanitizer's
    const void *old_bottom;
    size_t old_size;
};

/* On whose stack this thread is; NULL: its own. */
static _Thread_local struct _restrict_guest *on_stack_of;

static void
visit_guest(struct visit *visit)
{
    struct _restrict_guest *guest = visit->guest;
    PyThreadState *host = PyThreadState_Swap(guest->tstate);
    visit->body(guest, visit->arg);
    PyThreadState_Swap(host);
}

static void
stack_main(unsigned int high, unsigned int low)
{
    struct visit *visit = (struct visit *)(((uintptr_t)high << 32) | low);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(NULL, &visit->old_bottom,
                                    &visit->old_size);
#endif
    visit_guest(visit);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(NULL, visit->old_bottom, visit->old_size);
#endif
}

static void
switch_stack(struct visit *visit, char *bottom, size_t size)
{
    getcontext(&visit->inside);
    visit->inside.uc_stack.ss_sp = bottom;
    visit->inside.uc_stack.ss_size = size;
    visit->inside.uc_link = &visit->outside;
    makecontext(&visit->inside, (void (*)(void))stack_main, 2,
                (unsigned int)((uintptr_t)visit >> 32),
                (unsigned int)(uintptr_t)visit);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&visit->fake_stack, bottom, size);
#endif
    swapcontext(&visit->outside, &visit->inside);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(visit->fake_stack, NULL, NULL);
#endif
}

/* What swapcontext() and its caller may still push. */
#define SWITCH_MARGIN 16384

/* Guests call each other by way of host functions: a stack that was left in
   the middle goes on below what is on it. */
static void
visit_on_stack(struct visit *visit)
{
    struct _restrict_guest *guest = visit->guest, *left = on_stack_of;
    char *left_low = left != NULL ? left->low : NULL;
    char *bottom = guest->stack + GUARD_SIZE;
    char *top = guest->low != NULL ? guest->low
                : guest->stack + guest->stack_size;
    if (left != NULL) {
        left->low = (char *)__builtin_frame_address(0) - SWITCH_MARGIN;
    }
    on_stack_of = guest;
    switch_stack(visit, bottom, (size_t)(top - bottom));
    on_stack_of = left;
    if (left != NULL) {
        left->low = left_low;
    }
}

/* Is there room for a host function, or for more of the guest? */
static int
has_room(struct _restrict_guest *guest, char *here)
{
    return here >= guest->stack + GUARD_SIZE + HOST_STACK;
}

static int
on_its_stack(struct _restrict_guest *guest)
{
    char *here = __builtin_frame_address(0);
    return here > guest->stack && here < guest->stack + guest->stack_size;
}

static void
enter(struct _restrict_guest *guest,
      void (*body)(struct _restrict_guest *, void *), void *arg)
{
    struct visit visit = {.guest = guest, .body = body, .arg = arg};
    PyThreadState *caller = guest->host;
    guest->host = PyThreadState_Get();
    if (on_its_stack(guest)) {
        visit_guest(&visit);
    }
    else {
        visit_on_stack(&visit);
    }
    guest->host = caller;
}

/* --- Using it ---------------------------------------------------------------------------- */

int
_PyRestrict_GuestAcquire(struct _restrict_guest *guest)
{
    unsigned long me = PyThread_get_thread_ident();
    if (guest->interp == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the interpreter is closed");
        return -1;
    }
    if (guest->depth > 0 && guest->owner != me) {
        PyErr_Format(PyExc_RuntimeError,
                     "the interpreter is in use by thread %lu", guest->owner);
        return -1;
    }
    if (guest->low != NULL && !has_room(guest, guest->low)) {
        PyErr_SetString(PyExc_RecursionError,
                        "too many guests inside each other");
        return -1;
    }
    if (guest->depth++ == 0) {
        guest->owner = me;
        guest->tstate->thread_id = me;
#ifdef PY_HAVE_THREAD_NATIVE_ID
        guest->tstate->native_thread_id = PyThread_get_thread_native_id();
#endif
        _PyRestrict_BeginRun(guest->interp);
        _PyRestrict_PauseCPU(guest->interp);
    }
    return 0;
}

void
_PyRestrict_GuestRelease(struct _restrict_guest *guest)
{
    if (--guest->depth == 0) {
        _PyRestrict_ResumeCPU(guest->interp);
        _PyRestrict_EndRun(guest->interp);
        guest->owner = 0;
    }
}

/* --- Tasks, in the guest -------------------------------------------------------------------- */

static PyObject *
main_dict(void)
{
    PyObject *module = PyImport_AddModuleRef("__main__");
    if (module == NULL) {
        return NULL;
    }
    PyObject *dict = Py_NewRef(PyModule_GetDict(module));
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
    if (arena == NULL) {
        Py_XDECREF(dict);
        return NULL;
    }
    mod_ty tree = parse(source, filename, start, &flags, arena);
    if (tree != NULL) {
        mod_ty last = want_value && start == Py_file_input
                      ? split_last_expression(tree, arena) : NULL;
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

static PyObject *task_define(struct _restrict_guest *guest,
                             PyObject *request);

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

/* Describe the exception that is set, and drop it. */
static void
answer_exception(struct _restrict_call *call)
{
    PyObject *exc = PyErr_GetRaisedException();
    PyObject *text = exc ? _PyRestrict_DescribeException(exc) : NULL;
    Py_XDECREF(exc);
    reset(&call->answer);
    call->outcome = _PyRestrict_FAILED;
    if (text == NULL
        || _PyRestrict_CopyPut(&call->answer, text, "exception") < 0)
    {
        PyErr_Clear();
        reset(&call->answer);
        call->outcome = _PyRestrict_LOST;
    }
    Py_XDECREF(text);
}

/* The value has a type that does not cross; say where. */
static void
answer_uncopyable(struct _restrict_call *call)
{
    PyObject *exc = PyErr_GetRaisedException();
    PyObject *text = PyObject_Str(exc);
    Py_DECREF(exc);
    reset(&call->answer);
    call->outcome = _PyRestrict_UNCOPYABLE;
    if (text == NULL
        || _PyRestrict_CopyPut(&call->answer, text, "message") < 0)
    {
        PyErr_Clear();
        reset(&call->answer);
        call->outcome = _PyRestrict_LOST;
    }
    Py_XDECREF(text);
}

static void
answer_value(struct _restrict_call *call, PyObject *value)
{
    call->outcome = _PyRestrict_DONE;
    const char *root = call->task == _PyRestrict_TASK_CALL ? "result" : "value";
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

static void
call_body(struct _restrict_guest *guest, void *arg)
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
        answer_value(call, call->task == _PyRestrict_TASK_EXEC ? Py_None : value);
        Py_DECREF(value);
    }
    PyErr_Clear();
    _PyRestrict_PauseCPU(guest->interp);
}

void
_PyRestrict_GuestCall(struct _restrict_guest *guest,
                      struct _restrict_call *call)
{
    enter(guest, call_body, call);
}

/* --- Host functions --------------------------------------------------------------------------- */

struct _restrict_host_function {
    struct _restrict_host_function *next;
    struct _restrict_guest *guest;
    int index;
    PyMethodDef def;
    char *name, *doc;
};

/* The names of keyword arguments, the positional arguments, the values of the
   keyword arguments. */
static int
put_arguments(struct _restrict_copy *copy, PyObject *const *args,
              Py_ssize_t nargs, PyObject *keywords)
{
    Py_ssize_t n = nargs + (keywords ? PyTuple_GET_SIZE(keywords) : 0);
    if (keywords && _PyRestrict_CopyPut(copy, keywords, "keywords") < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        char root[40];
        // Only a value that does not cross needs its name.
        if (Py_IS_TYPE(args[i], &PyLong_Type)) {
            root[0] = '\0';
        }
        else {
            PyOS_snprintf(root, sizeof(root), "argument %zd", i + 1);
        }
        if (_PyRestrict_CopyPut(copy, args[i], root) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The exceptions that a host function may raise in the guest; the rest are
   RuntimeError. */
static PyObject *
exception_by_name(const char *name)
{
    static const struct { const char *name; PyObject **type; } known[] = {
#define ROW(NAME) {#NAME, &PyExc_ ## NAME}
        ROW(ArithmeticError), ROW(AssertionError), ROW(AttributeError),
        ROW(BlockingIOError), ROW(BrokenPipeError), ROW(BufferError),
        ROW(ConnectionAbortedError), ROW(ConnectionError),
        ROW(ConnectionRefusedError), ROW(ConnectionResetError),
        ROW(EOFError), ROW(FileExistsError), ROW(FileNotFoundError),
        ROW(FloatingPointError), ROW(IndexError), ROW(InterruptedError),
        ROW(IsADirectoryError), ROW(KeyError), ROW(LookupError),
        ROW(NameError), ROW(NotADirectoryError), ROW(NotImplementedError),
        ROW(OSError), ROW(OverflowError), ROW(PermissionError),
        ROW(RecursionError), ROW(ReferenceError), ROW(RuntimeError),
        ROW(StopIteration), ROW(TimeoutError), ROW(TypeError),
        ROW(ValueError), ROW(ZeroDivisionError),
#undef ROW
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(known); i++) {
        if (strcmp(known[i].name, name) == 0) {
            return *known[i].type;
        }
    }
    return PyExc_RuntimeError;
}

static void
raise_host_error(PyObject *answer)
{
    PyObject *name = PyTuple_GET_ITEM(answer, 0);
    PyErr_SetObject(exception_by_name(PyUnicode_AsUTF8(name)),
                    PyTuple_GET_ITEM(answer, 1));
}

/* Change places with the host for one call. */
static int
ask_host(struct _restrict_host_function *function, Py_ssize_t nargs,
         int has_keywords, struct _restrict_copy *copy,
         struct _restrict_copy *answer)
{
    struct _restrict_guest *guest = function->guest;
    _PyRestrict_PauseCPU(guest->interp);
    PyThreadState_Swap(guest->host);
    int result = guest->host_call(guest->host_arg, function->index, copy,
                                  nargs, has_keywords, answer);
    PyThreadState_Swap(guest->tstate);
    _PyRestrict_ResumeCPU(guest->interp);
    return result;
}

/* What the host said; -1 was a stop, which has set LimitHit. */
static PyObject *
take_answer(int result, struct _restrict_copy *answer)
{
    if (result < 0) {
        PyErr_SetString(PyExc_RuntimeError, "stopped by the host");
        return NULL;
    }
    PyObject *value = _PyRestrict_CopyGet(answer);
    _PyRestrict_CopyEnd(answer);
    if (result > 0 && value != NULL) {
        raise_host_error(value);
        Py_CLEAR(value);
    }
    return value;
}

static int
may_call_host(struct _restrict_guest *guest)
{
    char *here = __builtin_frame_address(0);
    if (guest->host_call == NULL || guest->host == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the interpreter is closing");
        return 0;
    }
    if (!has_room(guest, here)) {
        PyErr_SetString(PyExc_RecursionError,
                        "too deep to call a function of the host");
        return 0;
    }
    return 1;
}

static PyObject *
call_host_function(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                   PyObject *keywords)
{
    struct _restrict_host_function *function = PyCapsule_GetPointer(
        self, "restrict.function");
    if (function == NULL || !may_call_host(function->guest)) {
        return NULL;
    }
    struct _restrict_copy copy, answer;
    _PyRestrict_CopyInit(&copy, NULL);
    _PyRestrict_CopyInit(&answer, NULL);
    PyObject *value = NULL;
    if (put_arguments(&copy, args, nargs, keywords) == 0) {
        int result = ask_host(function, nargs, keywords != NULL, &copy,
                              &answer);
        value = take_answer(result, &answer);
    }
    _PyRestrict_CopyFini(&copy);
    _PyRestrict_CopyFini(&answer);
    return value;
}

static void
free_function(struct _restrict_host_function *function)
{
    PyMem_RawFree(function->name);
    PyMem_RawFree(function->doc);
    PyMem_RawFree(function);
}

static struct _restrict_host_function *
new_function(struct _restrict_guest *guest, int index, const char *name,
             const char *doc)
{
    struct _restrict_host_function *function =
        PyMem_RawCalloc(1, sizeof(*function));
    if (function == NULL) {
        return NULL;
    }
    function->guest = guest;
    function->index = index;
    function->name = _PyMem_RawStrdup(name);
    function->doc = _PyMem_RawStrdup(doc);
    function->def = (PyMethodDef){
        function->name, _PyCFunction_CAST(call_host_function),
        METH_FASTCALL | METH_KEYWORDS, function->doc};
    if (function->name == NULL || function->doc == NULL) {
        free_function(function);
        return NULL;
    }
    function->next = guest->functions;
    guest->functions = function;
    return function;
}

static PyObject *
function_object(struct _restrict_guest *guest, int index, const char *name,
                const char *doc, PyObject *module)
{
    struct _restrict_host_function *function = NULL;
    if (name != NULL && doc != NULL) {
        function = new_function(guest, index, name, doc);
    }
    if (function == NULL) {
        return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    }
    PyObject *self = PyCapsule_New(function, "restrict.function", NULL);
    if (self == NULL) {
        return NULL;
    }
    PyObject *object = PyCFunction_NewEx(&function->def, self, module);
    Py_DECREF(self);
    return object;
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
    PyObject *object = index < 0 ? Py_NewRef(value) : function_object(
        guest, index, PyUnicode_AsUTF8(name), doc,
        module == Py_None ? NULL : module);
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

/* --- Beginning and end ------------------------------------------------------------------------------ */

int
_PyRestrict_GuestInit(struct _restrict_guest *guest,
                      const PyRestrictConfig *config)
{
    PyThreadState *host = PyThreadState_Get();
    PyStatus status = PyRestrict_NewInterpreterFromConfig(&guest->tstate,
                                                          config);
    if (PyStatus_Exception(status)) {
        PyErr_Format(PyExc_RuntimeError, "cannot make an interpreter: %s",
                     status.err_msg ? status.err_msg : "unknown reason");
        return -1;
    }
    guest->interp = PyThreadState_GetInterpreter(guest->tstate);
    PyThreadState_Swap(host);
    return 0;
}

static void
end_body(struct _restrict_guest *guest, void *Py_UNUSED(arg))
{
    Py_EndInterpreter(guest->tstate);
}

/* A cancelled guest runs no more code: closing is quick, whatever finalizers
   it left behind. */
void
_PyRestrict_GuestFini(struct _restrict_guest *guest)
{
    guest->host_call = NULL;
    if (guest->interp != NULL) {
        PyInterpreterState *interp = guest->interp;
        guest->interp = NULL;
        guest->tstate->thread_id = PyThread_get_thread_ident();
        PyRestrict_Cancel(interp);
        enter(guest, end_body, NULL);
    }
    while (guest->functions != NULL) {
        struct _restrict_host_function *next = guest->functions->next;
        free_function(guest->functions);
        guest->functions = next;
    }
    free_stack(guest);
}

#endif  /* WITH_RESTRICTED */

/* Holding on to what C code uses while a guest's code runs.

   A C function that calls Python code may find, when it is back, that the
   iterator it was advancing is gone, the object it was reading set up anew,
   or the module whose state it needs replaced.  CPython's own code is full of
   places that count on such things not happening, and nothing but a guest
   makes them happen.  Each becomes harmless in one of these ways:

   - an object is kept alive for as long as the function uses it
     (_PyRestrict_HOLD);
   - using an object from inside itself is refused while it is in use
     (_PyRestrict_USE_ONCE);
   - C modules live as long as their interpreter, and C code that needs one
     gets that one, not what sys.modules names so (_PyRestrict_BUILTIN_MODULE).

   Objects are held in every interpreter once there is a restricted one, but
   for functions of two versions (pycore_restrict_use.h): a reference more
   harms nobody, and asking costs more. */

#include "Python.h"
#include "pycore_restrict.h"
#include "pycore_restrict_hold.h"

#ifdef WITH_RESTRICTED

/* --- Objects --------------------------------------------------------------- */

/* As CPython's own function does it, with its object held for the call. */
PyObject *
_PyRestrict_CallMethod(PyObject *obj, PyObject *name, va_list args)
{
    PyObject *small[8], **stack = small, *arg;
    size_t n = 1;
    va_list count;
    va_copy(count, args);
    while (va_arg(count, PyObject *) != NULL) {
        n++;
    }
    va_end(count);
    if (n > Py_ARRAY_LENGTH(small)) {
        stack = PyMem_Malloc(n * sizeof(*stack));
        if (stack == NULL) {
            return PyErr_NoMemory();
        }
    }
    stack[0] = obj;
    for (n = 1; (arg = va_arg(args, PyObject *)) != NULL; n++) {
        stack[n] = arg;
    }
    PyObject *result = PyObject_VectorcallMethod(name, stack, n, NULL);
    if (stack != small) {
        PyMem_Free(stack);
    }
    return result;
}

/* Step over a number; `size` is the letter in front of its conversion, q for
   two of them. */
static void
skip_number(char size, va_list *args)
{
    switch (size) {
    case 'l':
        (void)va_arg(*args, long);
        break;
    case 'q':
        (void)va_arg(*args, long long);
        break;
    case 'z':
        (void)va_arg(*args, Py_ssize_t);
        break;
    case 't':
        (void)va_arg(*args, ptrdiff_t);
        break;
    case 'j':
        (void)va_arg(*args, intmax_t);
        break;
    default:
        (void)va_arg(*args, int);
        break;
    }
}

/* Step over the argument of the conversion at `f`; the object that it is, or
   NULL. */
static PyObject *
next_arg(const char **f, va_list *args)
{
    char size = '\0';
    for (; **f == 'l' || **f == 'z' || **f == 't' || **f == 'j'; (*f)++) {
        size = size == 'l' ? 'q' : **f;
    }
    PyObject *object = NULL;
    switch (**f) {
    case 'S':
    case 'R':
    case 'A':
    case 'U':
    case 'T':
    case 'N':
        return va_arg(*args, PyObject *);
    case 'V':
        object = va_arg(*args, PyObject *);
        /* fall through */
    case 's':
    case 'p':
        (void)va_arg(*args, void *);
        return object;
    default:
        skip_number(size, args);
        return NULL;
    }
}

/* Flags, width and precision; a star takes an argument. */
static const char *
skip_width(const char *f, va_list *args)
{
    for (; *f == '*' || *f == '.' || *f == '-' || *f == '#'
           || Py_ISDIGIT((unsigned char)*f);
         f++)
    {
        if (*f == '*') {
            (void)va_arg(*args, int);
        }
    }
    return f;
}

void
_PyRestrict_HoldArgs(struct _restrict_held_args *held, const char *format,
                     va_list args)
{
    if (strpbrk(format, "SRA") == NULL) {
        return;  // nothing runs code
    }
    va_list rest;
    va_copy(rest, args);
    const char *f = format;
    while ((f = strchr(f, '%')) != NULL
           && held->count < (int)Py_ARRAY_LENGTH(held->objects))
    {
        if (*++f == '%') {
            f++;
            continue;
        }
        f = skip_width(f, &rest);
        PyObject *object = next_arg(&f, &rest);
        if (object != NULL) {
            held->objects[held->count++] = Py_NewRef(object);
        }
        if (*f == '\0') {
            break;
        }
    }
    va_end(rest);
}

void
_PyRestrict_LetArgsGo(struct _restrict_held_args *held)
{
    while (held->count > 0) {
        Py_DECREF(held->objects[--held->count]);
    }
}

/* --- What C code takes for granted ------------------------------------------ */

/* No class that a guest makes has this flag, and it can neither change nor
   name one that has. */
int
_PyRestrict_TrueStructCheck(PyObject *type)
{
    if (!_PyRestrict_IS_GUEST()
        || (PyType_Check(type)
            && PyType_HasFeature((PyTypeObject *)type,
                                 Py_TPFLAGS_IMMUTABLETYPE)
            && strcmp(((PyTypeObject *)type)->tp_name, "_struct.Struct") == 0))
    {
        return 0;
    }
    PyErr_SetString(PyExc_NotImplementedError,
                    "struct.Struct is not what it was");
    return -1;
}

/* Takes over the reference. */
PyObject *
_PyRestrict_Made(PyObject *obj, PyTypeObject *type)
{
    if (obj != NULL && _PyRestrict_IS_GUEST()
        && !PyObject_TypeCheck(obj, type))
    {
        PyErr_Format(PyExc_TypeError, "expected %.200s, not %.200s",
                     type->tp_name, Py_TYPE(obj)->tp_name);
        Py_CLEAR(obj);
    }
    return obj;
}

int
_PyRestrict_DerivedCheck(PyTypeObject *type, PyTypeObject *base)
{
    if (type == NULL || !_PyRestrict_IS_GUEST()
        || (PyType_Check(type) && PyType_IsSubtype(type, base)))
    {
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "expected a subclass of %.200s",
                 base->tp_name);
    return -1;
}

/* In place of repr() of an exception group, which looks at its second argument
   to see how to show the first: what the program set may have none. */
PyObject *
_PyRestrict_GroupRepr(PyObject *group)
{
    PyObject *args = ((PyBaseExceptionObject *)group)->args;
    if (args == NULL || PyTuple_GET_SIZE(args) < 2) {
        return ((PyTypeObject *)PyExc_BaseException)->tp_repr(group);
    }
    return _PyRestrict_group_repr(group);
}

/* The uses on this thread's stack, innermost first: as few as C functions
   that call Python code are nested. */
static _Thread_local struct _restrict_use *uses;

int
_PyRestrict_BeginUse(struct _restrict_use *use, void *object, const char *what)
{
    for (struct _restrict_use *u = uses; u != NULL; u = u->outer) {
        if (u->object == object) {
            PyErr_Format(PyExc_RuntimeError, "%s is in use", what);
            return -1;
        }
    }
    *use = (struct _restrict_use){object, uses};
    uses = use;
    return 0;
}

void
_PyRestrict_EndUse(struct _restrict_use *use)
{
    if (use->object != NULL) {
        uses = use->outer;
    }
}

int
_PyRestrict_DictOf(PyObject *obj, PyObject **dict)
{
    if (!_PyRestrict_IN_USE()) {
        return 0;
    }
    *dict = PyObject_GenericGetDict(obj, NULL);
    return *dict == NULL ? -1 : 0;
}

/* --- C modules ------------------------------------------------------------- */

/* {name: module} of those made, out of the guest's reach. */
static PyObject *
kept_modules(void)
{
    PyObject *dict = PyInterpreterState_GetDict(_PyInterpreterState_GET());
    PyObject *kept;
    if (dict == NULL) {
        return PyErr_NoMemory();
    }
    if (PyDict_GetItemStringRef(dict, "restrict.modules", &kept) != 0) {
        return kept;
    }
    kept = PyDict_New();
    if (kept != NULL
        && PyDict_SetItemString(dict, "restrict.modules", kept) < 0)
    {
        Py_CLEAR(kept);
    }
    return kept;
}

int
_PyRestrict_KeepModule(const char *name, PyObject *module)
{
    PyObject *kept = kept_modules();
    int err = kept == NULL ? -1 : PyDict_SetItemString(kept, name, module);
    Py_XDECREF(kept);
    return err;
}

/* A new reference; NULL, without an exception, if it was never made. */
PyObject *
_PyRestrict_FindKeptModule(const char *name)
{
    PyObject *module = NULL, *kept = kept_modules();
    if (kept != NULL) {
        PyDict_GetItemStringRef(kept, name, &module);
        Py_DECREF(kept);
    }
    return module;
}

PyObject *
_PyRestrict_BuiltinModule(const char *name)
{
    PyObject *module = _PyRestrict_FindKeptModule(name);
    if (module == NULL && !PyErr_Occurred()) {
        PyErr_Format(PyExc_ImportError, "%s was not imported", name);
    }
    return module;
}

/* NULL, without an exception of its own: there is no memory, and they are not
   held. */
PyObject *
_PyRestrict_HoldMany(PyObject **first, size_t stride, Py_ssize_t n)
{
    PyObject *exc = PyErr_GetRaisedException();
    PyObject *list = PyList_New(n);
    for (Py_ssize_t i = 0; list != NULL && i < n; i++) {
        PyObject *object = *(PyObject **)((char *)first + i * stride);
        PyList_SET_ITEM(list, i, Py_NewRef(object ? object : Py_None));
    }
    PyErr_SetRaisedException(exc);
    return list;
}

#endif /* WITH_RESTRICTED */

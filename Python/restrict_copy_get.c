/* Values cross between interpreters by copy: making them again.

   The other half of restrict_copy.c, for the side that gets the value.

   What a hostile guest can do to the host by its result: nothing in the
   buffer is under its control but the values, and no value makes the host's C
   stack deep, because a tuple that is to be hashed may be nested only so far.
   Colliding keys cost time, as they cost the guest: while the host fills
   dicts and sets it looks at the guest's limits and at pending signals. */

#include "Python.h"
#include "pycore_dict.h"  // _PyDict_SetItem_Take2()
#include "pycore_long.h"  // _PyLong_New()
#include "pycore_restrict.h"
#include "pycore_restrict_copy.h"
#include "pycore_restrict_limits.h"
#include "restrict_copy.h"  // the tags

#ifdef WITH_RESTRICTED

#define KEY_DEPTH 200  // of tuples in tuples, when hashed

/* --- Reading ------------------------------------------------------------ */

static inline void
read_raw(struct _restrict_copy *copy, void *to, size_t size)
{
    assert(copy->size - copy->at >= size);
    memcpy(to, copy->data + copy->at, size);
    copy->at += size;
}

static inline Py_ssize_t
read_size(struct _restrict_copy *copy)
{
    Py_ssize_t size;
    read_raw(copy, &size, sizeof(size));
    return size;
}

/* --- What may be referred to ---------------------------------------------------------- */

/* The number of the next value that others refer to; its place is free. */
static int
new_reference(struct _restrict_copy *copy, size_t *index)
{
    if (copy->n_refs == copy->refs_allocated) {
        size_t want = copy->refs_allocated ? 2 * copy->refs_allocated : 16;
        PyObject **refs = PyMem_RawRealloc(copy->refs, want * sizeof(*refs));
        if (refs == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        copy->refs = refs;
        copy->refs_allocated = want;
    }
    *index = copy->n_refs;
    copy->refs[copy->n_refs++] = NULL;
    return 0;
}

void
_PyRestrict_CopyEnd(struct _restrict_copy *copy)
{
    PyObject **refs = copy->refs;
    size_t n = copy->n_refs;
    copy->refs = NULL;
    copy->n_refs = copy->refs_allocated = 0;
    for (size_t i = 0; i < n; i++) {
        Py_XDECREF(refs[i]);
    }
    PyMem_RawFree(refs);
}

/* --- Values that hold no others --------------------------------------------------------- */

static PyObject *
get_digits(struct _restrict_copy *copy)
{
    Py_ssize_t size = read_size(copy);
    Py_ssize_t digits = Py_ABS(size);
    PyLongObject *value = _PyLong_New(digits);
    if (value != NULL) {
        read_raw(copy, value->long_value.ob_digit, digits * sizeof(digit));
        _PyLong_SetSignAndDigitCount(value, size < 0 ? -1 : 1, digits);
    }
    return (PyObject *)value;
}

static PyObject *
get_str(struct _restrict_copy *copy)
{
    int form = copy->data[copy->at++];
    int kind = form & ~ASCII;
    Py_ssize_t length = read_size(copy);
    const char *data = copy->data + copy->at;
    copy->at += (size_t)length * kind;
    if (length <= 1) {          // those are kept once by each side
        Py_UCS4 character = 0;  // the buffer aligns nothing
        memcpy(&character, data, (size_t)length * kind);
        return PyUnicode_FromKindAndData(kind, &character, length);
    }
    if (form & ASCII) {
        PyObject *ascii = PyUnicode_New(length, 0x7f);
        if (ascii != NULL) {
            memcpy(PyUnicode_1BYTE_DATA(ascii), data, length);
        }
        return ascii;
    }
    Py_UCS4 top = kind == 1 ? 0xff : kind == 2 ? 0xffff : 0x10ffff;
    PyObject *text = PyUnicode_New(length, top);
    if (text != NULL) {
        memcpy(PyUnicode_DATA(text), data, (size_t)length * kind);
    }
    return text;
}

static PyObject *
get_short_ascii(struct _restrict_copy *copy)
{
    size_t length = (unsigned char)copy->data[copy->at++];
    PyObject *text = PyUnicode_New((Py_ssize_t)length, 0x7f);
    if (text != NULL) {
        memcpy(PyUnicode_1BYTE_DATA(text), copy->data + copy->at, length);
    }
    copy->at += length;
    return text;
}

static PyObject *
get_bytes(struct _restrict_copy *copy)
{
    Py_ssize_t size = read_size(copy);
    PyObject *bytes = PyBytes_FromStringAndSize(copy->data + copy->at, size);
    copy->at += size;
    return bytes;
}

static PyObject *
get_int32(struct _restrict_copy *copy)
{
    int32_t value;
    read_raw(copy, &value, sizeof(value));
    return PyLong_FromLong(value);
}

static PyObject *
get_int64(struct _restrict_copy *copy)
{
    int64_t value;
    read_raw(copy, &value, sizeof(value));
    return PyLong_FromLongLong(value);
}

static PyObject *
get_float(struct _restrict_copy *copy)
{
    double value;
    read_raw(copy, &value, sizeof(value));
    return PyFloat_FromDouble(value);
}

static PyObject *
get_complex(struct _restrict_copy *copy)
{
    Py_complex value;
    read_raw(copy, &value, sizeof(value));
    return PyComplex_FromCComplex(value);
}

static inline PyObject *
get_plain(struct _restrict_copy *copy, int tag)
{
    switch (tag) {
    case TAG_NONE:
        return Py_None;
    case TAG_FALSE:
        return Py_False;
    case TAG_TRUE:
        return Py_True;
    case TAG_REF:
        return Py_NewRef(copy->refs[read_size(copy)]);
    case TAG_INT8:
        return PyLong_FromLong((signed char)copy->data[copy->at++]);
    case TAG_INT32:
        return get_int32(copy);
    case TAG_INT64:
        return get_int64(copy);
    case TAG_DIGITS:
        return get_digits(copy);
    case TAG_FLOAT:
        return get_float(copy);
    case TAG_COMPLEX:
        return get_complex(copy);
    case TAG_ASCII:
        return get_short_ascii(copy);
    case TAG_STR:
        return get_str(copy);
    default:
        assert(tag == TAG_BYTES);
        return get_bytes(copy);
    }
}

/* --- Containers --------------------------------------------------------------------------- */

#define NO_REFERENCE SIZE_MAX

struct target {
    PyObject *container;
    PyObject *key;        // dict: waits for its value
    Py_ssize_t at, size;  // items filled in, and all of them
    size_t reference;
    int tag;
};

struct targets {
    struct target *open;  // innermost last
    size_t n, allocated;
    struct target small[16];
};

static PyObject *
new_container(int tag, Py_ssize_t size)
{
    switch (tag) {
    case TAG_LIST:
        return PyList_New(size);
    case TAG_TUPLE:
        return PyTuple_New(size);
    case TAG_SET:
        return PySet_New(NULL);
    case TAG_FROZENSET:
        return PyFrozenSet_New(NULL);
    default:
        return _PyDict_NewPresized(size);
    }
}

static int
grow_targets(struct targets *targets)
{
    size_t want = 4 * targets->allocated;
    int inside = targets->open == targets->small;
    struct target *open = PyMem_RawRealloc(inside ? NULL : targets->open,
                                           want * sizeof(*open));
    if (open == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (inside) {
        memcpy(open, targets->small, sizeof(targets->small));
    }
    targets->open = open;
    targets->allocated = want;
    return 0;
}

/* A list, tuple, set or dict may be referred to from inside itself, so it has
   its number from the start; a frozenset cannot, and takes no new element
   once others hold it. */
static int
open_target(struct _restrict_copy *copy, struct targets *targets, int tag,
            size_t reference)
{
    if (targets->n == targets->allocated && grow_targets(targets) < 0) {
        return -1;
    }
    Py_ssize_t size = read_size(copy);
    // A frozenset needs to be our own to be filled; the empty one is not.
    PyObject *container = new_container(tag, size);
    if (container == NULL) {
        return -1;
    }
    if (reference != NO_REFERENCE && tag != TAG_FROZENSET) {
        copy->refs[reference] = Py_NewRef(container);
    }
    targets->open[targets->n++] =
        (struct target){.container = container,
                        .size = tag == TAG_DICT ? 2 * size : size,
                        .reference = reference,
                        .tag = tag};
    return 0;
}

/* Hashing and comparing tuples in tuples is recursion in C. */
static int
shallow_enough(PyObject *key, int depth)
{
    if (!PyTuple_CheckExact(key)) {
        return 1;
    }
    if (depth == 0) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(key); i++) {
        if (!shallow_enough(PyTuple_GET_ITEM(key, i), depth - 1)) {
            return 0;
        }
    }
    return 1;
}

/* Before key is hashed and compared. */
static int
check_key(struct _restrict_copy *copy, PyObject *key)
{
    int is_tuple = PyTuple_CheckExact(key);
    if (is_tuple && !shallow_enough(key, KEY_DEPTH)) {
        PyErr_Format(PyExc_TypeError,
                     "a dict key or set element is nested "
                     "more than %d tuples deep",
                     KEY_DEPTH);
        return -1;
    }
    if (copy->guest == NULL || (++copy->n_keys % 256 != 0 && !is_tuple)) {
        return 0;
    }
    if (_PyRestrict_LimitHit(copy->guest) != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "stopped while copying");
        return -1;
    }
    return PyErr_CheckSignals();
}

/* Add an item, whose reference is taken. */
static int
add_item(struct _restrict_copy *copy, struct target *target, PyObject *item)
{
    int err = 0;
    Py_ssize_t at = target->at++;
    switch (target->tag) {
    case TAG_LIST:
        PyList_SET_ITEM(target->container, at, item);
        return 0;
    case TAG_TUPLE:
        PyTuple_SET_ITEM(target->container, at, item);
        return 0;
    case TAG_DICT:
        if (at % 2 == 0) {
            target->key = item;
            return check_key(copy, item);
        }
        PyObject *key = target->key;
        target->key = NULL;
        return _PyDict_SetItem_Take2((PyDictObject *)target->container, key,
                                     item);
    default:
        err = check_key(copy, item) < 0 || PySet_Add(target->container, item);
        Py_DECREF(item);
        return err ? -1 : 0;
    }
}

/* --- Any value ------------------------------------------------------------------------------ */

/* Read up to the next value that is complete; NULL without an exception when
   it opened a container that waits for items. */
static PyObject *
get_value(struct _restrict_copy *copy, struct targets *targets)
{
    int tag = (unsigned char)copy->data[copy->at++];
    size_t reference = NO_REFERENCE;
    if ((tag & MEMO) && new_reference(copy, &reference) < 0) {
        return NULL;
    }
    tag &= ~MEMO;
    if (tag >= TAG_LIST) {
        open_target(copy, targets, tag, reference);
        return NULL;
    }
    PyObject *value = get_plain(copy, tag);
    if (value != NULL && reference != NO_REFERENCE) {
        copy->refs[reference] = Py_NewRef(value);
    }
    return value;
}

/* Fill in as many plain values as follow in a list or tuple. */
static int
get_plain_items(struct _restrict_copy *copy, struct target *target)
{
    PyObject **items = target->tag == TAG_LIST
                           ? ((PyListObject *)target->container)->ob_item
                           : ((PyTupleObject *)target->container)->ob_item;
    while (target->at < target->size) {
        int tag = (unsigned char)copy->data[copy->at];
        if (tag >= TAG_LIST) {  // or to be remembered
            return 0;
        }
        copy->at++;
        PyObject *item = get_plain(copy, tag);
        if (item == NULL) {
            return -1;
        }
        items[target->at++] = item;
    }
    return 0;
}

/* Close the innermost container: it is complete. */
static PyObject *
close_target(struct _restrict_copy *copy, struct targets *targets)
{
    struct target *target = &targets->open[--targets->n];
    if (target->reference != NO_REFERENCE && target->tag == TAG_FROZENSET) {
        copy->refs[target->reference] = Py_NewRef(target->container);
    }
    return target->container;
}

static PyObject *
get_all(struct _restrict_copy *copy, struct targets *targets)
{
    for (;;) {
        PyObject *value = get_value(copy, targets);
        if (value == NULL && PyErr_Occurred()) {
            return NULL;
        }
        for (;;) {
            if (value != NULL && targets->n == 0) {
                return value;
            }
            struct target *target = &targets->open[targets->n - 1];
            if (value != NULL && add_item(copy, target, value) < 0) {
                return NULL;
            }
            if ((target->tag == TAG_LIST || target->tag == TAG_TUPLE)
                && get_plain_items(copy, target) < 0)
            {
                return NULL;
            }
            if (target->at < target->size) {
                break;
            }
            value = close_target(copy, targets);
        }
    }
}

/* What is being made is no garbage: collections in between would look at it
   again and again for nothing.  The next one looks at it once. */
PyObject *
_PyRestrict_CopyGet(struct _restrict_copy *copy)
{
    int collecting = PyGC_Disable();
    struct targets targets;
    targets.n = 0;
    targets.open = targets.small;
    targets.allocated = Py_ARRAY_LENGTH(targets.small);
    PyObject *value = get_all(copy, &targets);
    while (targets.n > 0) {
        struct target *target = &targets.open[--targets.n];
        Py_DECREF(target->container);
        Py_XDECREF(target->key);
    }
    if (targets.open != targets.small) {
        PyMem_RawFree(targets.open);
    }
    if (collecting) {
        PyGC_Enable();
    }
    return value;
}

#endif /* WITH_RESTRICTED */

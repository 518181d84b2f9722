/* Values cross between interpreters by copy: see Python/restrict_copy.c. */

#ifndef Py_INTERNAL_RESTRICT_COPY_H
#define Py_INTERNAL_RESTRICT_COPY_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#ifdef WITH_RESTRICTED

#define _PyRestrict_COPY_SMALL 256  // bytes that are not allocated
#define _PyRestrict_COPY_MEMO 16    // slots likewise; a power of two

struct _restrict_memo {
    PyObject *object;  // NULL: a free slot
    size_t index;
};

/* Flat text of any number of values, between the side that puts them in and
   the side that gets them out.  Nothing in it belongs to an interpreter,
   except, while a side is at work, that side's references. */
struct _restrict_copy {
    char *data;
    size_t size, allocated;
    size_t at;                    // what was got out already
    struct _restrict_memo *memo;  // of the side that puts
    size_t memo_slots, n_memo;
    PyObject **refs;  // of the side that gets
    size_t n_refs, refs_allocated;
    PyInterpreterState *guest;  // give up when it is stopped; or NULL
    unsigned int n_keys;
    char small_data[_PyRestrict_COPY_SMALL];
    struct _restrict_memo small_memo[_PyRestrict_COPY_MEMO];
};

// Exported for the '_restrict' extension.
PyAPI_FUNC(void) _PyRestrict_CopyInit(struct _restrict_copy *copy,
                                      PyInterpreterState *guest);
PyAPI_FUNC(void) _PyRestrict_CopyFini(struct _restrict_copy *copy);

/* Add a value.  TypeError names the path from `root` ("value['a'][3]") to
   whatever has a type that does not cross. */
PyAPI_FUNC(int) _PyRestrict_CopyPut(struct _restrict_copy *copy,
                                    PyObject *value, const char *root);

/* The next value, as a new reference. */
PyAPI_FUNC(PyObject *) _PyRestrict_CopyGet(struct _restrict_copy *copy);

/* The last value was got, or no further one is wanted: drop the references
   of this side. */
PyAPI_FUNC(void) _PyRestrict_CopyEnd(struct _restrict_copy *copy);

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_COPY_H */

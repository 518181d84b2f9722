/* Guarded mode: who is running, and the guards that ask.

   Included by pycore_restrict.h; the idea is told in
   Python/restrict_guarded.c. */

#ifndef Py_INTERNAL_RESTRICT_GUARDED_H
#define Py_INTERNAL_RESTRICT_GUARDED_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#include "pycore_dict.h"          // DICT_RESTRICT_MARK

#ifdef WITH_RESTRICTED

/* --- Marked dicts --------------------------------------------------------- */

/* The mark is a bit of the version tag: Python code cannot see, set or clear
   it, and a copy does not have it.  A marked dict is either the sealed
   builtins of guarded code, which nothing but frames refers to, or a namespace
   that guarded code uses as its globals. */
static inline int
_PyRestrict_IsMarked(PyObject *dict)
{
_Py_COMP_DIAG_PUSH
_Py_COMP_DIAG_IGNORE_DEPR_DECLS
    return PyDict_Check(dict)
           && (((PyDictObject *)dict)->ma_version_tag & DICT_RESTRICT_MARK);
_Py_COMP_DIAG_POP
}

/* --- Who is running ------------------------------------------------------- */

/* Does C code of this thread act for guarded code now? */
extern int _PyRestrict_RunsGuarded(void);

/* The same, or the interpreter is restricted. */
#define _PyRestrict_RUNS_UNTRUSTED() \
    (_PyRestrict_GetState() != NULL || _PyRestrict_RunsGuarded())

extern int _PyRestrict_GuardCall(const char *subject);
extern int _PyRestrict_GuardAttribute(const char *subject);

/* Refuse what neither a restricted interpreter nor guarded code may call. */
#define _PyRestrict_GUARD_CALL(subject, error_return)                       \
    do {                                                                    \
        if (_PyRestrict_RUNS_UNTRUSTED()                                    \
            && _PyRestrict_GuardCall(subject) < 0)                          \
        {                                                                   \
            return error_return;                                            \
        }                                                                   \
    } while (0)

/* Refuse what guarded code may not use.  A restricted interpreter does not
   need it: there the surface table says what exists. */
#define _PyRestrict_GUARD_SHARED(subject, error_return)                     \
    do {                                                                    \
        if (_PyRestrict_RunsGuarded()                                       \
            && _PyRestrict_GuardAttribute(subject) < 0)                     \
        {                                                                   \
            return error_return;                                            \
        }                                                                   \
    } while (0)

#else  /* !WITH_RESTRICTED */

#define _PyRestrict_GUARD_CALL(subject, error_return)
#define _PyRestrict_GUARD_SHARED(subject, error_return)

#endif  /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif  /* !Py_INTERNAL_RESTRICT_GUARDED_H */

/* For bltinmodule.c alone: id(). */

#ifndef Py_INTERNAL_RESTRICT_ADDRESS_H
#define Py_INTERNAL_RESTRICT_ADDRESS_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#include "pycore_restrict_use.h"  // _PyRestrict_IN_USE()

/* The id of an object is an int of its address.  Not in place of the making of
   that one: debuggers stop where the function's first line is. */
#ifdef WITH_RESTRICTED
#define _PyRestrict_SHOW_ID(id, object)                                       \
    do {                                                                      \
        if (_PyRestrict_IN_USE()) {                                           \
            Py_XSETREF(id, PyLong_FromVoidPtr(_PyRestrict_Shown(object)));    \
        }                                                                     \
    } while (0)
#else
#define _PyRestrict_SHOW_ID(id, object)
#endif

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_ADDRESS_H */

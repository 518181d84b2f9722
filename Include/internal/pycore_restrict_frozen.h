/* The frozen standard library of restricted interpreters. */

#ifndef Py_INTERNAL_RESTRICT_FROZEN_H
#define Py_INTERNAL_RESTRICT_FROZEN_H

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#include "pycore_import.h"        // struct _frozen

/* Sorted by name.  restrict_frozen.c, which is generated, defines them. */
/* Tools/restrict/freeze.py sets it in all code of the frozen library. */
#define _PyRestrict_CO_FROZEN 0x40000000

extern const struct _frozen _PyRestrict_FrozenModules[];
extern const size_t _PyRestrict_FrozenCount;

/* For the programs that make it, and so cannot have it. */
#define _PyRestrict_NO_FROZEN_MODULES                               \
    const struct _frozen _PyRestrict_FrozenModules[] = {{0}};       \
    const size_t _PyRestrict_FrozenCount = 0

#endif  /* !Py_INTERNAL_RESTRICT_FROZEN_H */

/* What restricted interpreters have in the binary: the frozen standard library
   and time zones. */

#ifndef Py_INTERNAL_RESTRICT_FROZEN_H
#define Py_INTERNAL_RESTRICT_FROZEN_H

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#include "pycore_import.h"  // struct _frozen

/* Tools/restrict/freeze.py sets it in all code of the frozen library. */
#define _PyRestrict_CO_FROZEN 0x40000000

/* Sorted by name.  restrict_frozen.c, which is generated, defines them. */
extern const struct _frozen _PyRestrict_FrozenModules[];
extern const size_t _PyRestrict_FrozenCount;

/* Sorted by name.  restrict_zones_data.c, which is generated, defines them. */
struct _restrict_zone {
    unsigned int name;   // where it begins in ZoneNames
    unsigned int start;  // where its content begins in ZoneData
    unsigned int size;
};

extern const char _PyRestrict_ZoneNames[];
extern const unsigned char _PyRestrict_ZoneData[];
extern const struct _restrict_zone _PyRestrict_Zones[];
extern const size_t _PyRestrict_ZoneCount;

/* For the programs that make it, and so cannot have it. */
#define _PyRestrict_NO_FROZEN_MODULES                                         \
    const struct _frozen _PyRestrict_FrozenModules[] = {{0}};                 \
    const size_t _PyRestrict_FrozenCount = 0;                                 \
    const char _PyRestrict_ZoneNames[] = {0};                                 \
    const unsigned char _PyRestrict_ZoneData[] = {0};                         \
    const struct _restrict_zone _PyRestrict_Zones[] = {{0}};                  \
    const size_t _PyRestrict_ZoneCount = 0

#endif /* !Py_INTERNAL_RESTRICT_FROZEN_H */

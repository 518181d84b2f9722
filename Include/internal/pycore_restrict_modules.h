/* Which modules a guest may import: see Python/restrict_modules.c. */

#ifndef Py_INTERNAL_RESTRICT_MODULES_H
#define Py_INTERNAL_RESTRICT_MODULES_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#ifdef WITH_RESTRICTED

#include "pycore_restrict_frozen.h"

/* Where the module may come from; NULL: not from there. */
extern const struct _frozen *_PyRestrict_FindFrozen(const char *name);
extern const struct _inittab *_PyRestrict_FindBuiltin(const char *name);
extern PyModuleDef *_PyRestrict_FindExtension(const char *name);

/* Is there source for it in the folders that the host named?
   (restrict_import.c) */
extern int _PyRestrict_HasSource(const char *name);

/* Always -1. */
extern int _PyRestrict_RefuseImport(const char *name);

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_MODULES_H */

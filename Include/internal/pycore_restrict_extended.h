/* Protections that extension modules define: Python/restrict_extended.c. */

#ifndef Py_INTERNAL_RESTRICT_EXTENDED_H
#define Py_INTERNAL_RESTRICT_EXTENDED_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#ifdef WITH_RESTRICTED

struct _restrict_protection;  // one (group, type)

struct _restrict_extended {
    struct _restrict_protection *first;  // raw memory
};

extern void _PyRestrict_ExtendedFini(struct _restrict_extended *extended);

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_EXTENDED_H */

/* Time zones of a guest: see Python/restrict_zones.c. */

#ifndef Py_INTERNAL_RESTRICT_ZONES_H
#define Py_INTERNAL_RESTRICT_ZONES_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#ifdef WITH_RESTRICTED

/* Functions of the guest's `restrict` module. */
extern PyObject *_PyRestrict_Zone(PyObject *module, PyObject *key);
extern PyObject *_PyRestrict_ZoneKeys(PyObject *module, PyObject *none);
extern PyObject *_PyRestrict_AsksForZone(PyObject *module, PyObject *key);

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_ZONES_H */

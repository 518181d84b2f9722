/* Time zones without a file: what the binary was built with.

   zoneinfo reads a zone from the system's folder, which is a guest's only if
   the policy grants it.  So the zones of the machine that built the binary are
   in it (Tools/restrict/zones.py): sorted names and their contents, read-only
   and without a pointer that a start would have to relocate.  As in PEP 615,
   they come after the folder, as the package tzdata does elsewhere.

   The frozen zoneinfo finds these functions in the guest's `restrict` module.
   They tell what is the same in every guest, and whether the policy grants one
   certain folder, which trying it tells as well; only that nothing is
   refused and recorded where there is no need for the folder. */

#include "Python.h"
#include "pycore_restrict.h"
#include "pycore_restrict_files.h"
#include "pycore_restrict_frozen.h"
#include "pycore_restrict_zones.h"

#ifdef WITH_RESTRICTED

#define FOLDER "/usr/share/zoneinfo"

static int
compare_zone(const void *key, const void *zone)
{
    return strcmp(key, _PyRestrict_ZoneNames
                           + ((const struct _restrict_zone *)zone)->name);
}

static const struct _restrict_zone *
find_zone(const char *key)
{
    return bsearch(key, _PyRestrict_Zones, _PyRestrict_ZoneCount,
                   sizeof(_PyRestrict_Zones[0]), compare_zone);
}

/* The key as C text; NULL, with or without an exception, for what none is. */
static const char *
key_text(PyObject *key)
{
    if (!PyUnicode_Check(key)) {
        PyErr_Format(PyExc_TypeError, "a key must be str, not %.100s",
                     Py_TYPE(key)->tp_name);
        return NULL;
    }
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(key, &size);
    if (text == NULL && PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
        PyErr_Clear();
    }
    return text != NULL && strlen(text) == (size_t)size ? text : NULL;
}

/* The content of a zone, or None. */
PyObject *
_PyRestrict_Zone(PyObject *Py_UNUSED(module), PyObject *key)
{
    const char *text = key_text(key);
    const struct _restrict_zone *zone = text != NULL ? find_zone(text) : NULL;
    if (zone != NULL) {
        return PyBytes_FromStringAndSize(
            (const char *)_PyRestrict_ZoneData + zone->start, zone->size);
    }
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

/* A list of the keys there are. */
PyObject *
_PyRestrict_ZoneKeys(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none))
{
    PyObject *list = PyList_New((Py_ssize_t)_PyRestrict_ZoneCount);
    for (size_t i = 0; list != NULL && i < _PyRestrict_ZoneCount; i++) {
        PyObject *key = PyUnicode_FromString(_PyRestrict_ZoneNames
                                             + _PyRestrict_Zones[i].name);
        if (key == NULL) {
            Py_CLEAR(list);
        }
        else {
            PyList_SET_ITEM(list, (Py_ssize_t)i, key);
        }
    }
    return list;
}

/* Is the zone's file, or with "" the folder, to be asked for?  Not without a
   grant; but where no zones are in the binary a grant is what the guest lacks,
   and a refusal tells the host so. */
PyObject *
_PyRestrict_AsksForZone(PyObject *Py_UNUSED(module), PyObject *key)
{
    const char *text = key_text(key);
    if (text == NULL) {
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_False);
    }
    _PyRestrict_Path path;
    char full[PATH_MAX];
    int len = PyOS_snprintf(full, sizeof(full), FOLDER "/%s", text);
    if (len < 0 || len >= PATH_MAX
        || _PyRestrict_Normalize(NULL, full, &path) < 0)
    {
        return Py_NewRef(Py_False);
    }
    size_t len_folder = strlen(FOLDER);
    if (strncmp(path.text, FOLDER, len_folder) != 0
        || (path.text[len_folder] != '/' && path.text[len_folder] != '\0'))
    {
        return Py_NewRef(Py_False);
    }
    const struct _restrict_files *files = &_PyRestrict_GetState()->files;
    return PyBool_FromLong(
        _PyRestrict_ZoneCount == 0
        || (_PyRestrict_ModeOf(files, path.text) & _PyRestrict_READ));
}

#endif /* WITH_RESTRICTED */

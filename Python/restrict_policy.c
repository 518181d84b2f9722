/* What a restricted interpreter may use: the data, and the questions to it.

   Nothing here calls the Python API, takes a lock or has a side effect other
   than on the policy given: who asks, what a refusal looks like and where it
   is recorded is the business of others.  All memory is raw, so that it
   belongs to the host and not to the guest's budget. */

#include "Python.h"
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

static size_t
names_find(const struct _restrict_names *set, const char *name, size_t len,
           int *found)
{
    size_t lo = 0, hi = set->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int order = strncmp(set->names[mid], name, len);
        if (order == 0 && set->names[mid][len] != '\0') {
            order = 1;
        }
        if (order == 0) {
            *found = 1;
            return mid;
        }
        if (order < 0) {
            lo = mid + 1;
        }
        else {
            hi = mid;
        }
    }
    *found = 0;
    return lo;
}

/* Add a copy of name, if it is not there yet.  0, or -1 without memory. */
int
_PyRestrict_NamesAdd(struct _restrict_names *set, const char *name)
{
    int found;
    size_t at = names_find(set, name, strlen(name), &found);
    if (found) {
        return 0;
    }
    char *copy = _PyMem_RawStrdup(name);
    char **names = PyMem_RawRealloc(set->names, (set->n + 1) * sizeof(char *));
    if (copy == NULL || names == NULL) {
        PyMem_RawFree(copy);
        set->names = names != NULL ? names : set->names;
        return -1;
    }
    memmove(names + at + 1, names + at, (set->n - at) * sizeof(char *));
    names[at] = copy;
    set->names = names;
    set->n++;
    return 0;
}

/* Remove name if it is there. */
void
_PyRestrict_NamesDiscard(struct _restrict_names *set, const char *name)
{
    int found;
    size_t at = names_find(set, name, strlen(name), &found);
    if (!found) {
        return;
    }
    PyMem_RawFree(set->names[at]);
    set->n--;
    memmove(set->names + at, set->names + at + 1,
            (set->n - at) * sizeof(char *));
}

int
_PyRestrict_NamesHave(const struct _restrict_names *set, const char *name)
{
    int found;
    names_find(set, name, strlen(name), &found);
    return found;
}

/* Is the name, or a package that it is in, in the set?  "a" covers "a.b". */
int
_PyRestrict_NamesCover(const struct _restrict_names *set, const char *name)
{
    for (const char *end = name; *end != '\0';) {
        int found;
        end += strcspn(*end == '.' ? end + 1 : end, ".") + (*end == '.');
        names_find(set, name, end - name, &found);
        if (found) {
            return 1;
        }
    }
    return 0;
}

void
_PyRestrict_NamesFini(struct _restrict_names *set)
{
    for (size_t i = 0; i < set->n; i++) {
        PyMem_RawFree(set->names[i]);
    }
    PyMem_RawFree(set->names);
    *set = (struct _restrict_names){0};
}

void
_PyRestrict_PolicyFini(struct _restrict_policy *policy)
{
    _PyRestrict_NamesFini(&policy->allowed);
    _PyRestrict_NamesFini(&policy->blocked);
    while (policy->extensions != NULL) {
        struct _restrict_extension *next = policy->extensions->next;
        PyMem_RawFree(policy->extensions->name);
        PyMem_RawFree(policy->extensions);
        policy->extensions = next;
    }
}

#endif /* WITH_RESTRICTED */

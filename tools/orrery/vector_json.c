/* SPDX-License-Identifier: Apache-2.0 */
/* Test vectors in JSON: an array of objects with "initial" and "final", each of "regs" and "ram". */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tools/orrery/vector.h"

/* In order of enum vector_reg; the 16-bit name second. */
static const char *const names[VR_COUNT][2] = {
    { "cr0", NULL },  { "cr3", NULL },  { "eax", "ax" }, { "ebx", "bx" }, { "ecx", "cx" },
    { "edx", "dx" },  { "esi", "si" },  { "edi", "di" }, { "ebp", "bp" }, { "esp", "sp" },
    { "cs", NULL },   { "ds", NULL },   { "es", NULL },  { "fs", NULL },  { "gs", NULL },
    { "ss", NULL },   { "eip", "ip" },  { "eflags", "flags" },            { "dr6", NULL },
    { "dr7", NULL },
};

static int read_regs(const json_t *regs, struct vector_state *s, struct err *e)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)regs, key, value) {
        unsigned i = 0;
        while (i < VR_COUNT && strcmp(key, names[i][0]) != 0 && !(names[i][1] && strcmp(key, names[i][1]) == 0))
            i++;
        if (i == VR_COUNT || !json_is_integer(value))
            return err_set(e, ERR_FORMAT, "register '%s' is not one of an x86 processor, or its value no number", key);
        s->reg[i] = (uint32_t)json_integer_value(value);
        s->present |= 1u << i;
    }
    return 0;
}

static int read_state(const json_t *from, struct vector_state *s, struct err *e)
{
    const json_t *ram = json_object_get(from, "ram");
    int rc = read_regs(json_object_get(from, "regs"), s, e);
    if (rc < 0)
        return rc;
    s->ram = calloc(json_array_size(ram) + 1, sizeof(*s->ram));
    if (s->ram == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the state of a test");
    for (size_t i = 0; i < json_array_size(ram); i++) {
        const json_t *at = json_array_get(json_array_get(ram, i), 0), *value = json_array_get(json_array_get(ram, i), 1);
        if (!json_is_integer(at) || !json_is_integer(value))
            return err_set(e, ERR_FORMAT, "\"ram\" is not an array of [address, byte]");
        s->ram[s->n_ram++] = (struct vector_byte){ (uint32_t)json_integer_value(at), (uint8_t)json_integer_value(value) };
    }
    return 0;
}

static int read_test(const json_t *t, struct vector *v, struct err *e)
{
    static const char *const hashes[] = { "hash", "test_hash" };
    const json_t *bytes = json_object_get(t, "bytes"), *exception = json_object_get(t, "exception");
    const char *name = json_string_value(json_object_get(t, "name"));

    memset(v->mask, 0xff, sizeof(v->mask));
    snprintf(v->name, sizeof(v->name), "%s", name ? name : "");
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        const char *hash = json_string_value(json_object_get(t, hashes[i]));
        if (hash != NULL)
            snprintf(v->hash, sizeof(v->hash), "%s", hash);
    }
    for (size_t i = 0; i < json_array_size(bytes) && i < sizeof(v->bytes); i++)
        v->bytes[v->n_bytes++] = (uint8_t)json_integer_value(json_array_get(bytes, i));
    v->exception = -1;
    if (json_is_object(exception))
        v->exception = (int)json_integer_value(json_object_get(exception, "number"));
    int rc = read_state(json_object_get(t, "initial"), &v->before, e);
    return rc == 0 ? read_state(json_object_get(t, "final"), &v->after, e) : rc;
}

int vector_load_json(struct vector_file *out, const char *data, size_t n, struct err *e)
{
    json_error_t where;
    int rc = 0;
    json_t *root = json_loadb(data, n, 0, &where);

    if (root == NULL)
        return err_set(e, ERR_FORMAT, "line %d: %s", where.line, where.text);
    if (!json_is_array(root)) {
        rc = err_set(e, ERR_FORMAT, "not an array of tests");
        goto out;
    }
    out->vectors = calloc(json_array_size(root) + 1, sizeof(*out->vectors));
    if (out->vectors == NULL) {
        rc = err_set(e, ERR_NOMEM, "no memory for %zu tests", json_array_size(root));
        goto out;
    }
    for (size_t i = 0; rc == 0 && i < json_array_size(root); i++) {
        struct vector *v = &out->vectors[out->n++];
        v->index = (uint32_t)i;
        rc = read_test(json_array_get(root, i), v, e);
        if (rc < 0)
            (void)err_context(e, "test %zu", i);
    }
    /* The format does not name the processor: the 386's have EAX; the 286's end in HLT, and say so in `bytes`. */
    if (out->n > 0) {
        const struct vector *v = &out->vectors[0];
        out->halts = v->n_bytes > 1 && v->bytes[v->n_bytes - 1] == 0xf4;
        out->cpu = v->before.present >> VR_CR0 & 1 ? VC_386 : out->halts ? VC_286 : VC_8086;
    }
out:
    json_decref(root);
    return rc;
}

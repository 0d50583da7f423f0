/* SPDX-License-Identifier: Apache-2.0 */
/* Operand codes of opcode tables: an implied register as a whole, or a method and a type. */
#include "tools/decodegen/opcode.h"
#include <string.h>

static const struct {
    const char *text;
    uint8_t modrm;
} methods[] = {
#define X(name, text, modrm) { text, modrm },
    X86_METHODS(X)
#undef X
};

static const char *const types[] = {
#define X(name, text) text,
    X86_TYPES(X)
#undef X
};

static const struct {
    const char *text;
    struct x86_operand_code code;
} fixed[] = {
#define X(text, method, type, number) { text, { X86_METHOD_##method, X86_TYPE_##type, number, 0 } },
    X86_FIXED(X)
#undef X
};

bool find_operand_code(const char *text, struct x86_operand_code *code)
{
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        if (strcmp(fixed[i].text, text) == 0) {
            *code = fixed[i].code;
            return true;
        }
    for (size_t m = 0; m < ARRAY_LEN(methods); m++) {
        size_t n = strlen(methods[m].text);
        if (n == 0 || strncmp(methods[m].text, text, n) != 0)
            continue;
        for (size_t t = 0; t < ARRAY_LEN(types); t++)
            if (strcmp(types[t], text + n) == 0) {
                *code = (struct x86_operand_code){ (uint8_t)m, (uint8_t)t, 0, 0 };
                return true;
            }
    }
    return false;
}

unsigned operand_modrm(const struct x86_operand_code *code)
{
    return methods[code->method].modrm;
}

bool operand_is_memory(const struct x86_operand_code *code)
{
    unsigned modrm = operand_modrm(code);
    if (code->type == X86_TYPE_NONE)
        return false;
    if ((modrm & X86_USES_RM) && !(modrm & X86_ONLY_REG))
        return true;
    return code->method == X86_METHOD_O || code->method == X86_METHOD_FIXED_MEM;
}

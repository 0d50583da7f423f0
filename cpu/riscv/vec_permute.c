/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/riscv/vec.h"

const struct rv_vec_row rv_vec_permute_rows[] = { RV_VEC_END };

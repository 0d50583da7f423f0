/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_DEVICE_REGS_IMPL_H
#define ORRERY_CORE_DEVICE_REGS_IMPL_H
/* Rows with their defaults filled in, and the check of a table at creation. */
#include "core/device/device.h"

uint32_t reg_count(const struct reg_desc *r);
uint32_t reg_stride(const struct reg_desc *r);

/* ERR_ARG names the row and what is wrong with it. */
int reg_check_table(const struct device_ops *ops, struct err *e) MUST_CHECK;

#endif

# SPDX-License-Identifier: Apache-2.0
# The worked example is read from docs/ir.md.
set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS TEST_SOURCE_DIR="${CMAKE_SOURCE_DIR}")

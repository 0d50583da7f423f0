# SPDX-License-Identifier: Apache-2.0
add_test(NAME tools.decodegen.errors
  COMMAND ${CMAKE_SOURCE_DIR}/test/tools/decodegen/errors.sh $<TARGET_FILE:decodegen>)
add_test(NAME tools.decodegen.example
  COMMAND ${CMAKE_SOURCE_DIR}/test/tools/decodegen/example.sh $<TARGET_FILE:decodegen>
          ${CMAKE_C_COMPILER} ${CMAKE_SOURCE_DIR})
add_test(NAME tools.decodegen.opcodes
  COMMAND ${CMAKE_SOURCE_DIR}/test/tools/decodegen/opcodes.sh $<TARGET_FILE:decodegen>
          ${CMAKE_C_COMPILER} ${CMAKE_SOURCE_DIR})
add_test(NAME tools.decodegen.opcode_errors
  COMMAND ${CMAKE_SOURCE_DIR}/test/tools/decodegen/opcode_errors.sh $<TARGET_FILE:decodegen>)

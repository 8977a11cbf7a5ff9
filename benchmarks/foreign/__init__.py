"""The contenders of other vendors: each module runs in an environment of its own, never in this project's."""

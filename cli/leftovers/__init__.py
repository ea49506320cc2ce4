"""What a destroy left behind: what is still there, what it costs, and the command that removes it.

It reads and changes nothing. It does not know which AWS answers.
"""

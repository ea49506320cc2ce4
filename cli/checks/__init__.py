"""What a deploy needs and can be looked at before it: one module for each place that is looked at.

They read and change nothing. They do not know which AWS answers.
"""
